// Counts the moves of Countdown responses and their effects.

/// Totals over responses. On this task a move has a ground truth, since every written step can be
/// recomputed. On other text only words can be counted.
public struct CountdownMoves: Sendable, Hashable {
  /// The number of responses.
  public private(set) var responses = 0
  /// The number of their tokens, `<eos>` included.
  public private(set) var tokens = 0
  /// The responses that end in `<eos>`.
  public private(set) var ended = 0

  /// The tokens `Alternatively`, whatever follows them.
  public private(set) var transitions = 0
  /// Transitions from an expression that misses the target (or from nothing readable) to one that
  /// reaches it: the switch was successful.
  public private(set) var transitionsToTarget = 0
  /// Transitions from an expression that reaches the target to one that misses it.
  public private(set) var transitionsFromTarget = 0

  /// The tokens `Wait`, whatever follows them.
  public private(set) var reflections = 0
  /// Reflections that recompute the same sum after a false step or verdict and get all of it right:
  /// the check was successful.
  public private(set) var repairs = 0
  /// Reflections that recompute the same sum after a true statement and get something wrong.
  public private(set) var breakages = 0

  /// The written steps: every `number sign number = number`.
  public private(set) var steps = 0
  /// The written steps whose equation is false. A sum outside 0...36, which has no token, cannot be
  /// true.
  public private(set) var falseSteps = 0

  /// Nothing counted yet.
  public init() {}

  /// The counts of one response.
  public init(_ response: [Int32], of problem: CountdownProblem) {
    add(response, of: problem)
  }

  /// The fraction of false steps; NaN if no step is written.
  public var falseStepShare: Double { Double(falseSteps) / Double(steps) }

  /// Counts one more response. Any token ids are allowed. A move that is not followed by a readable
  /// statement still counts, as one without effect.
  public mutating func add(_ response: [Int32], of problem: CountdownProblem) {
    typealias Words = CountdownVocabulary
    responses += 1
    tokens += response.count
    if response.last == Words.eos { ended += 1 }

    var previous: CountdownStatement?
    for (index, token) in response.enumerated() {
      switch token {
      case Words.first:
        previous = CountdownStatement(response, at: index + 1, of: problem)
      case Words.alternatively:
        transitions += 1
        let statement = CountdownStatement(response, at: index + 2, of: problem)
        countTransition(from: previous, to: statement, of: problem)
        previous = statement
      case Words.wait:
        reflections += 1
        let statement = CountdownStatement(response, at: index + 2, of: problem)
        countReflection(from: previous, to: statement, of: problem)
        previous = statement
      case Words.equals:
        countStep(response, around: index, of: problem)
      default:
        break
      }
    }
  }

  /// The sums of two counts.
  public static func + (a: CountdownMoves, b: CountdownMoves) -> CountdownMoves {
    var sum = a
    sum.responses += b.responses
    sum.tokens += b.tokens
    sum.ended += b.ended
    sum.transitions += b.transitions
    sum.transitionsToTarget += b.transitionsToTarget
    sum.transitionsFromTarget += b.transitionsFromTarget
    sum.reflections += b.reflections
    sum.repairs += b.repairs
    sum.breakages += b.breakages
    sum.steps += b.steps
    sum.falseSteps += b.falseSteps
    return sum
  }

  private mutating func countTransition(
    from previous: CountdownStatement?, to statement: CountdownStatement?,
    of problem: CountdownProblem
  ) {
    guard let statement else { return }
    let before = previous?.reachesTarget(of: problem) ?? false
    let after = statement.reachesTarget(of: problem)
    if !before, after { transitionsToTarget += 1 }
    if before, !after { transitionsFromTarget += 1 }
  }

  private mutating func countReflection(
    from previous: CountdownStatement?, to statement: CountdownStatement?,
    of problem: CountdownProblem
  ) {
    guard let previous, let statement, statement.isSameSum(as: previous) else { return }
    let before = previous.isTrue(of: problem)
    let after = statement.isTrue(of: problem)
    if !before, after { repairs += 1 }
    if before, !after { breakages += 1 }
  }

  private mutating func countStep(
    _ response: [Int32], around index: Int, of problem: CountdownProblem
  ) {
    guard let isTrue = Self.equation(response, around: index, of: problem) else { return }
    steps += 1
    if !isTrue { falseSteps += 1 }
  }

  /// Whether the written step `number sign number = number` around a `=` is true; nil for other tokens.
  static func equation(
    _ response: [Int32], around index: Int, of problem: CountdownProblem
  ) -> Bool? {
    typealias Words = CountdownVocabulary
    guard index >= 3, index + 1 < response.count,
      let left = Words.number(of: response[index - 3]),
      let sign = Words.sign(of: response[index - 2]),
      let right = Words.number(of: response[index - 1]),
      let result = Words.number(of: response[index + 1])
    else { return nil }
    // What follows `Then` is the last result, everything else is one of the problem's numbers.
    let isCarried = index >= 4 && response[index - 4] == Words.then
    guard let first = isCarried ? left : problem.number(named: left),
      let second = problem.number(named: right)
    else { return false }
    return first + sign * second == result
  }
}

// The corpus of the embedded model: solutions written by a solver that tries, checks and switches.
import KeyedRandom

/// Writes documents of the Countdown task by the rules below. The i-th depends only on
/// `key.derive(i)`.
///
/// 1. Each document draws whether its writer is careful (checks often) and whether it is persistent
///   (switches often).
/// 2. An attempt takes an untried expression: a correct one with `correctProbability`, and fewer
///   minus signs with higher odds as `minusWeight` says. Once all have been tried they count as
///   untried again. The terms are written in a random order.
/// 3. Any step may be wrong. An attempt that misses the target may still claim it (a false hit).
/// 4. `Wait ,` recomputes the attempt, more often after `yes` than after `no`; a recomputation has
///   no false hits, so it reveals them.
/// 5. If the written total is not the target, `Alternatively ,` may open the next attempt;
///    otherwise `Answer` restates the last expression.
/// 6. Half of the documents have no question, so that the model is also trained on y without x.
///
/// Variant `positions` leaves out the opening `Target T .` and writes numbers as their places.
public struct CountdownCorpus: Sendable {
  /// The solver's settings.
  public let settings: Settings
  /// The number sets that problems come from.
  public let split: CountdownProblem.Split
  /// How many numbers a problem has.
  public let variant: CountdownVariant
  private let key: RandomKey

  /// A corpus; equal keys and settings give equal documents.
  ///
  /// - Parameter settings: nil takes those of the variant.
  public init(
    _ variant: CountdownVariant = .three, settings: Settings? = nil,
    split: CountdownProblem.Split = .train, key: RandomKey
  ) {
    let settings = settings ?? Settings(variant)
    precondition(
      settings.maximumLength >= variant.shortestRoom,
      "a response needs room for one attempt, its check and the answer")
    self.variant = variant
    self.settings = settings
    self.split = split
    self.key = key
  }

  /// The document at an index. It depends only on the key, the settings and the index.
  public func document(_ index: Int) -> CountdownDocument {
    var random = key.derive(UInt64(index)).generator()
    let hasQuestion = random.bernoulli(settings.questionShare)
    let problem = CountdownProblem.sample(split, variant, using: &random)
    return CountdownDocument(
      problem: problem, hasQuestion: hasQuestion, response: solve(problem, using: &random))
  }

  /// One written solution of any problem.
  public func solution(of problem: CountdownProblem, key: RandomKey) -> [Int32] {
    var random = key.generator()
    return solve(problem, using: &random)
  }

  // MARK: - The solver

  private func solve(
    _ problem: CountdownProblem, using random: inout KeyedGenerator
  ) -> [Int32] {
    typealias Words = CountdownVocabulary
    let isCareful = random.bernoulli(settings.carefulShare)
    let isPersistent = random.bernoulli(settings.persistentShare)
    let check = isCareful ? settings.carefulCheck : settings.check
    let change = isPersistent ? settings.persistentSwitch : settings.change

    let target = problem.target
    let signings = CountdownProblem.signings(of: problem.numbers)
    var untried = signings
    var tokens: [Int32] = []
    tokens.reserveCapacity(settings.maximumLength)
    if problem.variant.restates {
      tokens += [Words.target, Words.token(of: target), Words.period]
    }
    tokens.append(Words.first)
    var attempts = 0
    while true {
      attempts += 1
      if untried.isEmpty { untried = signings }
      let expression = nextAttempt(&untried, target, using: &random)
      var total = writeSteps(
        of: expression, slip: settings.slip,
        falseHit: expression.value == target ? nil : target, problem, &tokens, using: &random)
      let isChecked = random.bernoulli(
        total == target ? check : check * settings.checkAfterNoFactor)
      if isChecked {
        tokens += [Words.wait, Words.comma]
        total = writeSteps(
          of: expression, slip: settings.checkSlip, falseHit: nil, problem, &tokens, using: &random)
      }
      let mayGoOn =
        total != target && attempts < settings.maximumAttempts
        && settings.maximumLength - tokens.count >= problem.variant.switchRoom
      let goOn = isChecked ? max(change, settings.switchAfterCheck) : change
      guard mayGoOn, random.bernoulli(goOn) else {
        return tokens + [Words.answer] + expression.tokens(answering: problem) + [Words.eos]
      }
      tokens += [Words.alternatively, Words.comma]
    }
  }

  /// Takes one of the untried expressions (not empty) and writes it in a random order.
  private func nextAttempt(
    _ untried: inout [[Int]], _ target: Int, using random: inout KeyedGenerator
  ) -> CountdownExpression {
    var candidates = Array(untried.indices)
    if let probability = settings.correctProbability {
      let correct = candidates.filter { sum(untried[$0]) == target }
      if !correct.isEmpty, correct.count < candidates.count {
        let takesCorrect = random.bernoulli(probability)
        candidates =
          takesCorrect ? correct : candidates.filter { sum(untried[$0]) != target }
        // With three numbers there is only one such expression, so no random number is drawn.
        if takesCorrect, correct.count == 1 {
          return .randomOrder(of: untried.remove(at: correct[0]), using: &random)
        }
      }
    }
    let index = candidates[choice(among: candidates.map { untried[$0] }, using: &random)]
    return .randomOrder(of: untried.remove(at: index), using: &random)
  }

  /// The index of a random expression; each minus sign multiplies its odds by `minusWeight`.
  private func choice(among signings: [[Int]], using random: inout KeyedGenerator) -> Int {
    if settings.minusWeight == 1 { return random.uniform(below: signings.count) }
    let odds = signings.map { signing in
      signing.reduce(1.0) { $1 < 0 ? $0 * settings.minusWeight : $0 }
    }
    var rest = random.uniform() * odds.reduce(0, +)
    for (place, odd) in odds.enumerated() {
      rest -= odd
      if rest < 0 { return place }
    }
    return signings.count - 1  // by rounding
  }

  /// Writes `A o B = r1 . Then r1 o C = r2 V .` and returns the last result. A wrong result is
  /// carried forward. With `falseHit`, the last result may be written as that number in any case.
  private func writeSteps(
    of expression: CountdownExpression, slip: Double, falseHit: Int?,
    _ problem: CountdownProblem, _ tokens: inout [Int32], using random: inout KeyedGenerator
  ) -> Int {
    typealias Words = CountdownVocabulary
    let terms = expression.terms
    var total = terms[0]
    for (step, term) in terms.enumerated().dropFirst() {
      if step > 1 { tokens += [Words.period, Words.then] }
      tokens += [
        Words.token(of: step == 1 ? problem.name(of: total) : total), Words.sign(of: term),
        Words.token(of: problem.name(of: abs(term))), Words.equals,
      ]
      total = min(max(total + term, 0), Words.largestNumber)
      if step == terms.count - 1, let falseHit, random.bernoulli(settings.falseHit) {
        total = falseHit
      } else {
        total = slipped(total, slip, using: &random)
      }
      tokens.append(Words.token(of: total))
    }
    tokens += [total == problem.target ? Words.yes : Words.no, Words.period]
    return total
  }

  /// The number, or with the given probability one that is off by 1, 2 or 10 and has a token.
  private func slipped(
    _ number: Int, _ probability: Double, using random: inout KeyedGenerator
  ) -> Int {
    guard random.bernoulli(probability) else { return number }
    while true {  // 1 up or 1 down always has a token, so this ends
      let wrong = number + Self.slipOffsets[random.uniform(below: Self.slipOffsets.count)]
      if 0...CountdownVocabulary.largestNumber ~= wrong { return wrong }
    }
  }

  private static let slipOffsets = [-10, -2, -1, 1, 2, 10]
}

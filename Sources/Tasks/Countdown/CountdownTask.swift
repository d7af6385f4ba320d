// Countdown as a task that a policy is trained on.
import KeyedRandom

/// Problems of one variant. Responses to problems of another variant can be judged, too, since a
/// prompt states how many numbers it has.
public struct CountdownTask: PolicyTask {
  public let variant: CountdownVariant

  public init(_ variant: CountdownVariant) {
    self.variant = variant
  }

  public func draw(key: RandomKey) -> TaskProblem {
    let problem = CountdownProblem.sample(.train, variant, key: key)
    return TaskProblem(problem, id: problem.id)
  }

  /// Draws from the held-out number sets. A draw that repeats a problem counts as a separate
  /// problem; the number set is the cluster.
  public func heldOut(_ count: Int) -> [TaskProblem] {
    let key = RandomKey(seed: 0).derive("held-out problems")
    let problems = CountdownProblem.samples(count, .heldOut, variant, key: key)
    return problems.enumerated().map { TaskProblem($1, id: "p\($0)") }
  }

  /// Draws from the number sets of training, as `heldOut` draws from the others.
  public func training(_ count: Int) -> [TaskProblem] {
    let key = RandomKey(seed: 0).derive("training problems")
    let problems = CountdownProblem.samples(count, .train, variant, key: key)
    return problems.enumerated().map { TaskProblem($1, id: "t\($0)") }
  }

  public func completed(_ problem: TaskProblem) throws(LineFault) -> TaskProblem {
    guard let countdown = CountdownProblem(prompt: problem.promptTokens) else {
      throw LineFault(
        "no Countdown problem (expected Use a b c to make T . of three to five numbers, "
          + "or Use 1 = a , 2 = b , 3 = c to make T .)")
    }
    var completed = TaskProblem(countdown, id: problem.id)
    if problem.cluster != problem.id { completed.cluster = problem.cluster }
    completed.answer = problem.answer ?? completed.answer
    return completed
  }

  public var longestPrompt: Int { variant.promptLength }

  public var documentStart: [Int32] { [CountdownVocabulary.bos] }

  public var ordinaryTokens: [Int32] {
    Array(Int32(CountdownVocabulary.specialWords.count)..<Int32(CountdownVocabulary.count))
  }

  public func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?] {
    responses.map { response in
      CountdownProblem(prompt: response.problem.promptTokens).map { problem in
        CountdownVerifier.verify(response.tokens, of: problem)
          .verification(of: response.tokens, problem.variant)
      }
    }
  }

  public func steps(of response: TaskResponse) -> [ResponseStep]? {
    CountdownProblem(prompt: response.problem.promptTokens)?.steps(of: response.tokens)
  }

  public var statistics: [TaskStatistic] { CountdownVariant.statistics }

  public var documents: [[Int32]] {
    let corpus = CountdownCorpus(
      variant, key: RandomKey(seed: 0).derive("evaluation documents"))
    return (0..<512).map { corpus.document($0).tokens }
  }
}

extension TaskProblem {
  fileprivate init(_ problem: CountdownProblem, id: String) {
    self.init(
      id: id, cluster: problem.cluster, promptTokens: problem.prompt,
      prompt: CountdownVocabulary.text(of: problem.prompt), answer: String(problem.target))
  }
}

extension CountdownVerdict {
  /// The verdict as verifiers of all tasks report it.
  fileprivate func verification(
    of response: [Int32], _ variant: CountdownVariant
  ) -> Verification {
    let (outcome, reason): (VerificationOutcome, String) =
      switch self {
      case .correct: (.correct, "the target, of the problem's numbers")
      case .wrongValue: (.wrong, "another value than the target")
      case .wrongNumbers: (.wrong, "other numbers than the problem's")
      case .unparsed: (.unparsed, "no answer of \(variant.numberCount) numbers before the end")
      case .unfinished: (.unparsed, "no end token")
      }
    let end = response.suffix(variant.answerLength)
    return Verification(
      outcome, reward: reward,
      extracted: outcome == .unparsed ? nil : CountdownVocabulary.text(of: end), reason: reason)
  }
}

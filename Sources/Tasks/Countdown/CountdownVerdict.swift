// The possible verdicts of the Countdown verifier.

/// How a response ends.
public enum CountdownVerdict: String, Sendable, CaseIterable {
  /// The answer uses the problem's numbers and has the target as its value.
  case correct
  /// The answer uses the problem's numbers but has another value.
  case wrongValue = "wrong-value"
  /// The answer is an expression of other numbers.
  case wrongNumbers = "wrong-numbers"
  /// The response ended, but not with `Answer A o B o C <eos>` of as many numbers.
  case unparsed
  /// The response reached the token limit before `<eos>`.
  case unfinished

  /// 1 for a correct response, 0 for every other.
  public var reward: Double { self == .correct ? 1 : 0 }
}

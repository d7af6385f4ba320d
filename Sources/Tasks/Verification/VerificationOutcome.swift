// The possible outcomes of a verification.

/// The outcome of comparing a response with the reference answer.
public enum VerificationOutcome: String, Sendable, Hashable, CaseIterable {
  /// The response's answer is the reference answer.
  case correct
  /// The response has an answer, which was not found to equal the reference answer.
  case wrong
  /// There is nothing to compare: no answer in the response, or no reference.
  case unparsed
  /// The comparison would need more than its budget of digits, operations, depth or time.
  case overBudget = "over_budget"
}

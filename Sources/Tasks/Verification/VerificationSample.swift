// The input of an external verifier.

/// One response with its reference answer, under a name.
public struct VerificationSample: Sendable, Hashable {
  /// The id of the sample, unique within a call.
  public let id: String
  /// The response y as text.
  public let response: String
  /// The reference answer, where there is one.
  public let answer: String?

  /// A sample.
  public init(id: String, response: String, answer: String?) {
    self.id = id
    self.response = response
    self.answer = answer
  }
}

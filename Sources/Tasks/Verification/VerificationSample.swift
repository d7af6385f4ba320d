// What an external verifier is given.

/// One response with its reference answer, under a name.
public struct VerificationSample: Sendable, Hashable {
  /// Names the sample; every sample of a call has another one.
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

// One document of the pretraining corpus.

/// A written solution, with or without its question before it.
public struct CountdownDocument: Sendable, Hashable {
  /// The problem it solves.
  public let problem: CountdownProblem
  /// Whether the document begins with the question.
  public let hasQuestion: Bool
  /// The tokens of y, from `Target` to `<eos>`.
  public let response: [Int32]

  /// What the model reads: x y, or `<bos>` y without the question.
  public var tokens: [Int32] {
    (hasQuestion ? problem.prompt : [CountdownVocabulary.bos]) + response
  }
}

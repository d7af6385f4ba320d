// Answers that a response states on its way, before the one that is verified.

/// An answer as a part of a response states it.
public struct StatedAnswer: Sendable, Hashable {
  /// The extracted text.
  public let text: String
  private let isProse: Bool

  /// The last answer that this part of a response states by the verifier's rules; nil without a mark,
  /// and for a mark without a valid answer.
  ///
  /// Marks within thoughts count, too: the answer may have been found there.
  /// - Complexity: O(length of the text).
  public init?(lastIn text: String, rules: [AnswerRule] = AnswerRule.allCases) {
    guard case .answer(let answer, let rule) = AnswerExtractor.findAnywhere(in: text, rules: rules)
    else { return nil }
    self.text = answer
    isProse = rule != .boxed
  }

  /// Whether it equals an answer, as the verifier compares with a reference. What the verifier cannot
  /// decide within its budget is different.
  public func equals(_ reference: String) -> Bool {
    AnswerVerifier.compare(text, reference, isProse: isProse).0 == .correct
  }

  /// Whether both are the same answer.
  public func equals(_ other: StatedAnswer) -> Bool {
    text.utf8.elementsEqual(other.text.utf8) || equals(other.text)
  }
}

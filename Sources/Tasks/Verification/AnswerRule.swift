// The places where a response may state its answer.

/// How an answer is marked in a response. The last mark of a kind counts. If it is malformed, an
/// earlier one is not used instead.
public enum AnswerRule: String, Sendable, Hashable, CaseIterable {
  /// `<answer>…</answer>`, as in R1-Zero. The content may have marks of the other kinds.
  case tags
  /// `\boxed{…}`, `\boxed 5` or `\fbox{…}`. Boxes with only commas, "and" or "or" between them are
  /// one list. An empty box is a mention and no answer.
  case boxed
  /// A line `#### …`, as in GSM8K.
  case hashes
  /// "answer is …" or "Answer: …", in any case and with Markdown's asterisks.
  case phrase
}

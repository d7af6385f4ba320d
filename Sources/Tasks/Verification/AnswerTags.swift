// <answer>…</answer>, and thoughts in <think>…</think> and similar marks.

/// The tags of the format of R1-Zero and its relatives.
enum AnswerTags {
  static let name = Array("answer".utf8)
  private static let opening = Array("<answer>".utf8)
  private static let closing = Array("</answer>".utf8)

  /// The content of the last `<answer>…</answer>`. Empty tags and a lone `<answer>` in front of a
  /// word are mentions; another tag that is not closed is broken, as a box is.
  static func last(_ bytes: Span<UInt8>) -> AnswerPlace? {
    var close: Int?
    var index = bytes.count
    while index > 0 {
      index -= 1
      guard bytes[index] == UInt8(ascii: "<") else { continue }
      if ResponseText.matches(closing, bytes, at: index) {
        close = index
      } else if ResponseText.matches(opening, bytes, at: index) {
        let start = index + opening.count
        if let end = close {
          let range = ResponseText.trimmed(start..<end, in: bytes, punctuation: false)
          if !range.isEmpty { return .range(range) }
        } else if !isMention(bytes, from: start) {
          return .broken("the last <answer> is not closed")
        }
        close = nil
      }
    }
    return nil
  }

  /// Whether a word, punctuation or nothing follows, as in "in <answer> tags".
  private static func isMention(_ bytes: Span<UInt8>, from start: Int) -> Bool {
    var start = start
    while start < bytes.count, ResponseText.isSpace(bytes[start]) { start += 1 }
    let rest = start..<min(bytes.count, start + 1)
    return ResponseText.trimmed(rest, in: bytes, punctuation: true).isEmpty
      || ResponseText.word(bytes, at: start).count >= 2
  }

  // MARK: - Thoughts

  /// What ends the thoughts of models without tags: Magistral, Kimi, OpenThinker, gpt-oss.
  private static let otherEnds = [
    "[/think]", "◁/think▷", "<|end_of_thought|>", "<|channel|>final<|message|>",
  ].map { Array($0.utf8) }

  /// The index behind the last `</think>` or its like, if text follows it; else 0.
  static func thoughtsEnd(_ bytes: Span<UInt8>, before end: Int) -> Int {
    var index = end
    while index > 0 {
      index -= 1
      if let mark = otherEnds.first(where: { ResponseText.matches($0, bytes, at: index) }),
        index + mark.count <= end
      {
        let start = index + mark.count
        let rest = ResponseText.trimmed(start..<end, in: bytes, punctuation: false)
        return rest.isEmpty ? 0 : start
      }
      guard bytes[index] == UInt8(ascii: "<"), index + 1 < end,
        bytes[index + 1] == UInt8(ascii: "/")
      else { continue }
      let name = ResponseText.word(bytes, at: index + 2)
      let close = index + 2 + name.count
      guard isThought(name), close < end, bytes[close] == UInt8(ascii: ">") else { continue }
      let rest = ResponseText.trimmed((close + 1)..<end, in: bytes, punctuation: false)
      return rest.isEmpty ? 0 : close + 1
    }
    return 0
  }

  /// Whether a tag holds thoughts: think, thinking, thought, reasoning.
  static func isThought(_ name: [UInt8]) -> Bool {
    ["think", "thought", "reason"].contains { name.starts(with: $0.utf8) }
  }
}

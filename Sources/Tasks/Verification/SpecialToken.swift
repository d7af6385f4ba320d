// Special tokens that were decoded with a response.

/// The marks of special tokens in text: `<|im_end|>`, `<｜end▁of▁sentence｜>`, `</s>`, `<eos>`. They
/// are known by their shape, so that new ones need no list.
enum SpecialToken {
  /// The end of a text without the special tokens and spaces behind it. Answer tags and thought tags
  /// are no special tokens.
  static func contentEnd(_ bytes: Span<UInt8>) -> Int {
    var end = bytes.count
    while true {
      var last = end
      while last > 0, ResponseText.isSpace(bytes[last - 1]) { last -= 1 }
      guard last > 0, bytes[last - 1] == UInt8(ascii: ">") else { return end }
      var start = last - 1
      let limit = max(0, last - longest)
      while start > limit, bytes[start] != UInt8(ascii: "<") { start -= 1 }
      guard bytes[start] == UInt8(ascii: "<"),
        isBarred(bytes, start..<last) || isTag(bytes, start..<last)
      else { return end }
      end = start
    }
  }

  /// Whether a token of the form `<|name|>` or `<｜name｜>` begins here.
  static func begins(_ bytes: Span<UInt8>, at start: Int) -> Bool {
    var end = start + 1
    let limit = min(bytes.count, start + longest)
    while end < limit, bytes[end] != UInt8(ascii: ">"), bytes[end] != UInt8(ascii: "<") { end += 1 }
    guard end < limit, bytes[end] == UInt8(ascii: ">") else { return false }
    return isBarred(bytes, start..<(end + 1))
  }

  private static let longest = 64

  /// `<|name|>` with a name that has neither spaces nor bars.
  private static func isBarred(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for bar in bars
    where ResponseText.matches(bar, bytes, at: range.lowerBound + 1)
      && ResponseText.matches(bar, bytes, at: range.upperBound - 1 - bar.count)
    {
      let (start, end) = (range.lowerBound + 1 + bar.count, range.upperBound - 1 - bar.count)
      guard start < end else { continue }
      return !(start..<end).contains { index in
        ResponseText.isSpace(bytes[index]) || bytes[index] == UInt8(ascii: "|")
      }
    }
    return false
  }

  private static let bars = [Array("|".utf8), Array("｜".utf8)]

  /// `<name>` or `</name>` with a name of letters, digits, `_` and `-` that begins with a letter.
  private static func isTag(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var start = range.lowerBound + 1
    if start < range.upperBound, bytes[start] == UInt8(ascii: "/") { start += 1 }
    let name = ResponseText.word(bytes, at: start)
    guard !name.isEmpty, name != AnswerTags.name, !AnswerTags.isThought(name) else { return false }
    return (start..<(range.upperBound - 1)).allSatisfy { index in
      ResponseText.isLetter(bytes[index]) || ResponseText.isDigit(bytes[index])
        || bytes[index] == UInt8(ascii: "_") || bytes[index] == UInt8(ascii: "-")
    }
  }
}

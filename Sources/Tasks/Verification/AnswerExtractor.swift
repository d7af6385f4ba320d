// Finds the answer in a response, in time linear in its length.

/// Looks for the last mark of each rule, in the rules' order.
enum AnswerExtractor {
  enum Finding {
    case answer(String, AnswerRule)
    /// There is a mark without a valid answer; says what is wrong.
    case broken(String, AnswerRule)
    /// More bytes than an answer may have.
    case tooLong(AnswerRule)
    case none
  }

  /// The longest accepted answer in bytes, which bounds the cost.
  static let maximumLength = 4096

  static func find(in response: String, rules: [AnswerRule]) -> Finding {
    let bytes = response.utf8.span
    for rule in rules {
      let place =
        switch rule {
        case .boxed: lastBox(bytes)
        case .hashes: lastHashes(bytes)
        case .phrase: lastPhrase(bytes)
        }
      switch place {
      case .range(let range):
        let range = trimmed(range, in: bytes, punctuation: rule == .phrase)
        if range.isEmpty { return .broken("nothing behind the last \(rule.mark)", rule) }
        if range.count > maximumLength { return .tooLong(rule) }
        return .answer(String(decoding: range.map { bytes[$0] }, as: UTF8.self), rule)
      case .broken(let message): return .broken(message, rule)
      case nil: continue
      }
    }
    return .none
  }

  private enum Place {
    case range(Range<Int>)
    case broken(String)
  }

  // MARK: - Boxes

  private static func lastBox(_ bytes: Span<UInt8>) -> Place? {
    var start = bytes.count
    while start > 0 {
      start -= 1
      guard bytes[start] == UInt8(ascii: "\\") else { continue }
      for name in boxes {
        let end = start + 1 + name.count
        if matches(name, bytes, at: start + 1), end == bytes.count || !isLetter(bytes[end]) {
          return content(bytes, from: end)
        }
      }
    }
    return nil
  }

  private static func content(_ bytes: Span<UInt8>, from start: Int) -> Place {
    var start = start
    while start < bytes.count, isSpace(bytes[start]) { start += 1 }
    if start < bytes.count, bytes[start] == UInt8(ascii: "{") {
      // The braces of damaged answers such as \frac{\}{2} match only if escapes are ignored. The
      // extracted text then contains a backslash and equals only itself.
      guard
        let end = groupEnd(bytes, from: start) ?? groupEnd(bytes, from: start, escapes: false)
      else {
        return .broken("the braces of the last \\boxed are not closed")
      }
      return .range((start + 1)..<(end - 1))
    }
    // `\boxed 5`: up to a space or the end of the formula.
    var end = start
    while end < bytes.count, !isSpace(bytes[end]), bytes[end] != UInt8(ascii: "$") {
      switch bytes[end] {
      case UInt8(ascii: "\\"):
        let next = end + 1 < bytes.count ? bytes[end + 1] : 0
        if next == UInt8(ascii: ")") || next == UInt8(ascii: "]") { return punctuated(start..<end) }
        end = min(end + 2, bytes.count)
      case UInt8(ascii: "{"):
        guard let close = groupEnd(bytes, from: end) else {
          return .broken("the braces behind the last \\boxed are not closed")
        }
        end = close
      default: end += 1
      }
    }
    return punctuated(start..<end)

    func punctuated(_ range: Range<Int>) -> Place {
      .range(trimmed(range, in: bytes, punctuation: true))
    }
  }

  /// The index after the brace that closes the one at `start`. With `escapes`, `\{` and `\}` do not
  /// count.
  private static func groupEnd(
    _ bytes: Span<UInt8>, from start: Int, escapes: Bool = true
  ) -> Int? {
    var depth = 0
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\") where escapes: index += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return nil
  }

  // MARK: - Hashes

  /// The last line that begins with exactly four hashes. It is a heading, not an answer, when it
  /// has several words and more text follows.
  private static func lastHashes(_ bytes: Span<UInt8>) -> Place? {
    var index = bytes.count
    while index > 0 {
      index -= 1
      guard bytes[index] == UInt8(ascii: "#") else { continue }
      var first = index
      while first > 0, bytes[first - 1] == UInt8(ascii: "#") { first -= 1 }
      let length = index + 1 - first
      let end = index + 1
      index = first
      guard length == 4, isLineStart(bytes, first) else { continue }
      let line = trimmed(end..<lineEnd(bytes, from: end), in: bytes, punctuation: false)
      let hasSpaces = line.contains { isSpace(bytes[$0]) }
      let isLast = trimmed(line.upperBound..<bytes.count, in: bytes, punctuation: false).isEmpty
      return hasSpaces && !isLast ? nil : .range(line)
    }
    return nil
  }

  private static func isLineStart(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
    var index = index
    while index > 0, bytes[index - 1] != UInt8(ascii: "\n") {
      guard isSpace(bytes[index - 1]) else { return false }
      index -= 1
    }
    return true
  }

  // MARK: - Phrases

  /// The last "answer" that is followed by "is", ":" or "=": up to the end of its sentence or line.
  private static func lastPhrase(_ bytes: Span<UInt8>) -> Place? {
    var index = bytes.count
    while index > 0 {
      index -= 1
      guard bytes[index] | 0x20 == UInt8(ascii: "a"), matches(answer, bytes, at: index),
        index == 0 || !isLetter(bytes[index - 1]),
        let start = markEnd(bytes, from: index + 6)
      else { continue }
      return .range(phrase(bytes, from: start))
    }
    return nil
  }

  /// The index after "is", ":", "=" or "is:", possibly with asterisks between; nil if there is
  /// none.
  private static func markEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
    var index = start
    func skip() {
      // A few at most, since this may be called at every word of a long response.
      let limit = min(bytes.count, index + 8)
      while index < limit, bytes[index] == UInt8(ascii: " ") || isEmphasis(bytes[index]) {
        index += 1
      }
    }
    skip()
    var hasMark = false
    if matches(isWord, bytes, at: index), index + 2 == bytes.count || !isLetter(bytes[index + 2]) {
      hasMark = true
      index += 2
      skip()
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: ":") || bytes[index] == UInt8(ascii: "=") {
      hasMark = true
      index += 1
    }
    return hasMark ? index : nil
  }

  private static func phrase(_ bytes: Span<UInt8>, from start: Int) -> Range<Int> {
    var start = start
    // Continues on the next line if this one ends here.
    while start < bytes.count, isSpace(bytes[start]) || isEmphasis(bytes[start]) { start += 1 }
    let isBold = start > 0 && isEmphasis(bytes[start - 1])
    for (open, close) in displays where matches(open, bytes, at: start) {
      var end = start + 2
      while end < bytes.count, !matches(close, bytes, at: end) { end += 1 }
      if end < bytes.count { return start..<(end + 2) }
    }
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
      let next = end + 1 < bytes.count ? bytes[end + 1] : UInt8(ascii: "\n")
      if bytes[end] == UInt8(ascii: "."), isSpace(next) { break }
      if isBold, emphases.contains(where: { matches($0, bytes, at: end) }) { break }
      end += 1
    }
    return start..<end
  }

  // MARK: - Bytes

  private static let boxes = [Array("boxed".utf8), Array("fbox".utf8)]
  private static let answer = Array("answer".utf8)
  private static let isWord = Array("is".utf8)
  private static let displays = [
    (open: Array("$$".utf8), close: Array("$$".utf8)),
    (open: Array("\\[".utf8), close: Array("\\]".utf8)),
  ]
  private static let emphases = [Array("**".utf8), Array("__".utf8)]

  /// Whether the given text of lower-case letters and signs is here, ignoring case.
  private static func matches(_ text: [UInt8], _ bytes: Span<UInt8>, at start: Int) -> Bool {
    guard start + text.count <= bytes.count else { return false }
    for (offset, expected) in text.enumerated() {
      let byte = bytes[start + offset]
      guard byte == expected || isLetter(byte) && byte | 0x20 == expected else { return false }
    }
    return true
  }

  private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
    return end
  }

  /// A range without surrounding spaces and, if requested, without punctuation and Markdown.
  private static func trimmed(
    _ range: Range<Int>, in bytes: Span<UInt8>, punctuation: Bool
  ) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) || punctuation && isPunctuation(bytes[end - 1]) {
      end -= 1
    }
    return start..<end
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 9...13 ~= byte }
  private static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }
  private static func isEmphasis(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "`")
  }

  private static func isPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "`"),
      UInt8(ascii: "\""):
      true
    default: false
    }
  }
}

extension AnswerRule {
  /// The name of the rule's mark in messages.
  var mark: String {
    switch self {
    case .boxed: "\\boxed"
    case .hashes: "####"
    case .phrase: "\"answer is\""
    }
  }
}

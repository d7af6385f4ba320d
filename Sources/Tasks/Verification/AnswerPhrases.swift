// "The answer is …" and lines that begin with ####.

/// Answers that a sentence or a line marks.
enum AnswerPhrases {
  // MARK: - Hashes

  /// The last line that begins with exactly four hashes. It is a heading, not an answer, when it
  /// has words without a digit and more text follows; an earlier line is then taken.
  static func lastHashes(_ bytes: Span<UInt8>) -> AnswerPlace? {
    var index = bytes.count
    while index > 0 {
      index -= 1
      guard bytes[index] == UInt8(ascii: "#") else { continue }
      var first = index
      while first > 0, bytes[first - 1] == UInt8(ascii: "#") { first -= 1 }
      let length = index + 1 - first
      let start = index + 1
      index = first
      guard length == 4, isLineStart(bytes, first) else { continue }
      let end = contentEnd(bytes, start..<ResponseText.lineEnd(bytes, from: start))
      let line = ResponseText.trimmed(start..<end, in: bytes, punctuation: false)
      let hasDigit = line.contains { ResponseText.isDigit(bytes[$0]) }
      let hasWord = line.contains { ResponseText.word(bytes, at: $0).count > 2 }
      let rest = ResponseText.trimmed(end..<bytes.count, in: bytes, punctuation: false)
      if hasWord, !hasDigit, !rest.isEmpty { continue }
      // #### Answer: 12
      if case .range(let inner) = last(bytes.extracting(line)) {
        return .range(line.lowerBound + inner.lowerBound..<line.lowerBound + inner.upperBound)
      }
      return .range(line)
    }
    return nil
  }

  private static func isLineStart(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
    var index = index
    while index > 0, bytes[index - 1] != UInt8(ascii: "\n") {
      guard ResponseText.isSpace(bytes[index - 1]) else { return false }
      index -= 1
    }
    return true
  }

  /// The end of a range, or the special token in it.
  private static func contentEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    range.first { bytes[$0] == UInt8(ascii: "<") && SpecialToken.begins(bytes, at: $0) }
      ?? range.upperBound
  }

  // MARK: - Phrases

  /// The last "answer" that is followed by "is", ":" or "=": up to the end of its sentence or line,
  /// without an adverb in front and a remark behind.
  static func last(_ bytes: Span<UInt8>) -> AnswerPlace? {
    var index = bytes.count
    while index > 0 {
      index -= 1
      guard bytes[index] | 0x20 == UInt8(ascii: "a"),
        ResponseText.matches(AnswerTags.name, bytes, at: index),
        index == 0 || !ResponseText.isLetter(bytes[index - 1]),
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
      while index < limit,
        bytes[index] == UInt8(ascii: " ") || ResponseText.isEmphasis(bytes[index])
      {
        index += 1
      }
    }
    skip()
    var hasMark = false
    if ResponseText.word(bytes, at: index) == Array("is".utf8) {
      hasMark = true
      index += 2
      skip()
      let afterAdverbs = adverbsEnd(bytes, from: index)
      if afterAdverbs != index {
        index = afterAdverbs
        skip()
      }
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
    while start < bytes.count,
      ResponseText.isSpace(bytes[start]) || ResponseText.isEmphasis(bytes[start])
    {
      start += 1
    }
    let isBold = start > 0 && ResponseText.isEmphasis(bytes[start - 1])
    for (open, close) in displays where ResponseText.matches(open, bytes, at: start) {
      var end = start + 2
      while end < bytes.count, !ResponseText.matches(close, bytes, at: end) { end += 1 }
      if end < bytes.count { return start..<(end + 2) }
    }
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
      let next = end + 1 < bytes.count ? bytes[end + 1] : UInt8(ascii: "\n")
      if bytes[end] == UInt8(ascii: "."), ResponseText.isSpace(next) {
        // The last of three dots belongs to them.
        if end > start, bytes[end - 1] == UInt8(ascii: ".") { end += 1 }
        break
      }
      if isBold, emphases.contains(where: { ResponseText.matches($0, bytes, at: end) }) { break }
      if bytes[end] == UInt8(ascii: "<"),
        SpecialToken.begins(bytes, at: end) || next == UInt8(ascii: "/")
      {
        break
      }
      if ResponseText.matches(fullStop, bytes, at: end) { break }
      if end > start, isRemark(bytes, at: end) { break }
      end += 1
    }
    return ResponseText.trimmed(start..<end, in: bytes, punctuation: true)
  }

  private static let displays = [
    (open: Array("$$".utf8), close: Array("$$".utf8)),
    (open: Array("\\[".utf8), close: Array("\\]".utf8)),
  ]
  private static let fullStop = Array("。".utf8)
  private static let emphases = [Array("**".utf8), Array("__".utf8)]

  // MARK: - Words around an answer

  /// The index behind adverbs that do not change the answer: "is therefore 5", "is simply $5$".
  private static func adverbsEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var start = start
    for _ in 0..<4 {
      var end = start
      while end < bytes.count, bytes[end] == UInt8(ascii: " ") { end += 1 }
      let word = ResponseText.word(bytes, at: end)
      guard let first = word.first, bytes[end] == first else { return start }
      end += word.count
      if end < bytes.count, bytes[end] == UInt8(ascii: ",") { end += 1 }
      guard end < bytes.count, bytes[end] == UInt8(ascii: " ") else { return start }
      if connectives.contains(word) {
        start = end + 1
      } else if word.suffix(2).elementsEqual("ly".utf8) || word == Array("about".utf8),
        beginsFormula(bytes, at: end + 1)
      {
        start = end + 1
      } else {
        return start
      }
    }
    return start
  }

  private static let connectives = Set(
    ["therefore", "thus", "hence", "then", "just", "indeed", "also", "again", "equal", "to"]
      .map { Array($0.utf8) })

  private static func beginsFormula(_ bytes: Span<UInt8>, at index: Int) -> Bool {
    guard index < bytes.count else { return false }
    return ResponseText.isDigit(bytes[index])
      || "-+.(\\$*".utf8.contains(bytes[index]) || bytes[index] >= 0x80
  }

  /// Whether a remark about the answer begins here: " because", ", which", " (or 0.667)", " (≈".
  private static func isRemark(_ bytes: Span<UInt8>, at index: Int) -> Bool {
    var index = index
    var inParentheses = false
    guard bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: ",") else {
      return false
    }
    if bytes[index] == UInt8(ascii: ",") { index += 1 }
    guard index < bytes.count, bytes[index] == UInt8(ascii: " ") else { return false }
    index += 1
    if index < bytes.count, bytes[index] == UInt8(ascii: "(") {
      inParentheses = true
      index += 1
    }
    let word = ResponseText.word(bytes, at: index)
    if reasons.contains(word) { return true }
    if word == Array("or".utf8) {
      let next = ResponseText.word(bytes, at: index + 3)
      return inParentheses && isDecimal(bytes, at: index + 3) || approximations.contains(next)
        || signs.contains { ResponseText.matches($0, bytes, at: index + 3) }
    }
    guard inParentheses else { return false }
    return approximations.contains(word)
      || signs.contains { ResponseText.matches($0, bytes, at: index) }
  }

  /// Whether a decimal in front of a closing parenthesis begins here.
  private static func isDecimal(_ bytes: Span<UInt8>, at start: Int) -> Bool {
    var index = start
    var hasPoint = false
    while index < bytes.count, bytes[index] != UInt8(ascii: ")") {
      hasPoint = hasPoint || bytes[index] == UInt8(ascii: ".")
      guard ResponseText.isDigit(bytes[index]) || "-.$%\\".utf8.contains(bytes[index]) else {
        return false
      }
      index += 1
    }
    return hasPoint && index < bytes.count
  }

  private static let reasons = Set(
    ["because", "since", "which", "where", "as"].map { Array($0.utf8) })
  private static let approximations = Set(
    ["approximately", "approx", "about", "roughly", "rounded"].map { Array($0.utf8) })
  private static let signs = ["≈", "\\approx", "$\\approx", "=", "i.e."].map { Array($0.utf8) }
}

// \boxed{…} and \fbox{…}.

/// Boxes in a response.
enum AnswerBoxes {
  /// The last box that has a content. An empty one, or one in front of a word, is a mention of the
  /// command. Boxes with only commas, "and" or "or" between them are one list.
  static func last(_ bytes: Span<UInt8>) -> AnswerPlace? {
    var start = bytes.count
    while start > 0 {
      start -= 1
      guard let end = commandEnd(bytes, at: start) else { continue }
      switch content(bytes, from: end) {
      case nil: continue
      case .range(let range)?: return list(endingWith: range, boxAt: start, bytes)
      case let other?: return other
      }
    }
    return nil
  }

  /// The index behind `\boxed` or `\fbox`, if it is here.
  private static func commandEnd(_ bytes: Span<UInt8>, at start: Int) -> Int? {
    guard bytes[start] == UInt8(ascii: "\\") else { return nil }
    for name in names where ResponseText.matches(name, bytes, at: start + 1) {
      let end = start + 1 + name.count
      if end == bytes.count || !ResponseText.isLetter(bytes[end]) { return end }
    }
    return nil
  }

  private static let names = [Array("boxed".utf8), Array("fbox".utf8)]

  // MARK: - Contents

  /// The content of a box behind its command; nil of a mention.
  private static func content(_ bytes: Span<UInt8>, from start: Int) -> AnswerPlace? {
    var start = start
    while start < bytes.count, ResponseText.isSpace(bytes[start]) { start += 1 }
    guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else {
      return bare(bytes, from: start)
    }
    // The braces of damaged answers such as \frac{\}{2} match only if escapes are ignored. The
    // extracted text then contains a backslash and equals only itself.
    guard let end = groupEnd(bytes, from: start) ?? groupEnd(bytes, from: start, escapes: false)
    else {
      return .broken("the braces of the last \\boxed are not closed")
    }
    let range = (start + 1)..<(end - 1)
    return isBlank(range, bytes) ? nil : .range(range)
  }

  /// Whether there are only spaces and punctuation, as in "put it in \boxed{...}".
  private static func isBlank(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    let rest = ResponseText.trimmed(range, in: bytes, punctuation: true)
    if dots.contains(where: {
      $0.count == rest.count && ResponseText.matches($0, bytes, at: rest.lowerBound)
    }) {
      return true
    }
    return rest.allSatisfy { ResponseText.isSpace(bytes[$0]) || spacing.contains(bytes[$0]) }
  }

  private static let dots = ["…", "\\ldots", "\\dots", "\\cdots"].map { Array($0.utf8) }
  /// The bytes of `~`, `$`, `\,`, `\;`, `\:` and `\!`.
  private static let spacing = Array("~$\\,;:!.".utf8)

  /// `\boxed 5`: up to a space or the end of the formula. TeX would box a single letter, so a word
  /// is a mention unless a formula ends behind it.
  private static func bare(_ bytes: Span<UInt8>, from start: Int) -> AnswerPlace? {
    let word = ResponseText.word(bytes, at: start).count
    if word >= 2, !endsFormula(bytes, at: start + word) { return nil }
    if start < bytes.count, commandEnd(bytes, at: start) != nil { return nil }
    var end = start
    while end < bytes.count, !ResponseText.isSpace(bytes[end]), !endsFormula(bytes, at: end) {
      switch bytes[end] {
      case UInt8(ascii: "\\"): end = min(end + 2, bytes.count)
      case UInt8(ascii: "{"):
        guard let close = groupEnd(bytes, from: end) else {
          return .broken("the braces behind the last \\boxed are not closed")
        }
        end = close
      default: end += 1
      }
    }
    let range = ResponseText.trimmed(start..<end, in: bytes, punctuation: true)
    return range.isEmpty ? nil : .range(range)
  }

  /// Whether `$`, `\)` or `\]` is here.
  private static func endsFormula(_ bytes: Span<UInt8>, at index: Int) -> Bool {
    guard index < bytes.count else { return false }
    if bytes[index] == UInt8(ascii: "$") { return true }
    guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else { return false }
    return bytes[index + 1] == UInt8(ascii: ")") || bytes[index + 1] == UInt8(ascii: "]")
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

  // MARK: - Several boxes

  /// The last box with those before it, if only separators are between them. If all have a name in
  /// front, as in x = \boxed{3}, it belongs to them. A box that says the same again is left out.
  private static func list(
    endingWith last: Range<Int>, boxAt start: Int, _ bytes: Span<UInt8>
  ) -> AnswerPlace {
    var boxes = [(name: name(bytes, before: start), content: last)]
    var start = start
    var length = last.count
    while length <= AnswerExtractor.maximumLength,
      let previous = box(bytes, before: boxes[0].name?.lowerBound ?? start)
    {
      start = previous.start
      length += previous.content.count
      boxes.insert((name(bytes, before: start), previous.content), at: 0)
    }
    guard boxes.count > 1 else { return .range(last) }
    let isNamed = boxes.allSatisfy { $0.name != nil }
    var texts: [String] = []
    for box in boxes {
      let prefix = isNamed ? box.name.map { ResponseText.text($0, of: bytes) } ?? "" : ""
      let content = ResponseText.trimmed(box.content, in: bytes, punctuation: false)
      let text = prefix + ResponseText.text(content, of: bytes)
      if !texts.contains(text) { texts.append(text) }
    }
    return texts.count == 1 ? .range(last) : .text(texts.joined(separator: ", "))
  }

  /// `x =` in front of a box.
  private static func name(_ bytes: Span<UInt8>, before end: Int) -> Range<Int>? {
    var index = end
    func skipSpaces() { while index > 0, bytes[index - 1] == 0x20 { index -= 1 } }
    skipSpaces()
    guard index > 0, bytes[index - 1] == UInt8(ascii: "=") else { return nil }
    index -= 1
    skipSpaces()
    guard index > 0, ResponseText.isLetter(bytes[index - 1]),
      index == 1 || !ResponseText.isLetter(bytes[index - 2])
    else { return nil }
    return (index - 1)..<end
  }

  /// The box that ends before an index with only separators between, and at least one that is no
  /// space.
  private static func box(
    _ bytes: Span<UInt8>, before end: Int
  ) -> (start: Int, content: Range<Int>)? {
    var index = end
    var hasSeparator = false
    while index > 0, bytes[index - 1] != UInt8(ascii: "}") || end == index {
      guard end - index < 64, let (length, separates) = separator(bytes, endingAt: index) else {
        return nil
      }
      index -= length
      hasSeparator = hasSeparator || separates
    }
    guard index > 0, hasSeparator else { return nil }
    let limit = max(0, index - AnswerExtractor.maximumLength)
    var start = index - 1
    while start > limit {
      start -= 1
      guard let open = commandEnd(bytes, at: start) else { continue }
      guard case .range(let content)? = content(bytes, from: open),
        content.upperBound == index - 1
      else { return nil }
      return (start, content)
    }
    return nil
  }

  /// The length of the separator that ends here, and whether it is more than a space.
  private static func separator(
    _ bytes: Span<UInt8>, endingAt end: Int
  ) -> (length: Int, separates: Bool)? {
    let byte = bytes[end - 1]
    if ResponseText.isSpace(byte) || byte == UInt8(ascii: "$") { return (1, false) }
    for (text, separates) in separators
    where ResponseText.matches(text, bytes, at: end - text.count) {
      let start = end - text.count
      // A word must be whole.
      let isPart =
        ResponseText.isLetter(bytes[start]) && start > 0 && ResponseText.isLetter(bytes[start - 1])
      if !isPart { return (text.count, separates) }
    }
    return nil
  }

  private static let separators: [([UInt8], Bool)] = [
    (",", true), (";", true), ("&", true), ("and", true), ("or", true), ("\\text{and}", true),
    ("\\text{ and }", true), ("\\text{or}", true), ("\\text{ or }", true), ("\\quad", false),
    ("\\qquad", false), ("\\(", false), ("\\)", false), ("\\,", false), ("\\;", false),
    ("\\[", false), ("\\]", false),
  ].map { (text: String, separates: Bool) in (Array(text.utf8), separates) }
}

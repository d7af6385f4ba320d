// Numbers: digits, thousands separators, decimals, repeating decimals, exponents.

extension AnswerLexer {
  mutating func number() {
    var text = digits()
    var isGrouped = false
    if 1...3 ~= text.utf8.count {
      while let length = separatorLength(isGrouped), isThousands(at: position + length) {
        position += length
        text += digits()
        isGrouped = true
      }
    }
    if scalar(at: position) == ".", isDigit(at: position + 1) {
      position += 1
      text += "." + digits()
    }
    if let block = repeatingBlock(after: text) {
      text = block
    } else if let mark = scalar(at: position), mark == "e" || mark == "E" {
      let sign = scalar(at: position + 1)
      let isSigned = sign == "-" || sign == "+"
      if isDigit(at: position + (isSigned ? 2 : 1)) {
        position += isSigned ? 2 : 1
        text += sign == "-" ? "e-" : "e"
        text += digits()
      }
    }
    emit(.number, text, isGrouped: isGrouped)
    // An ellipsis is part of the number and no punctuation: 3.14... is not 3.14.
    if text.contains("."), let length = ellipsisLength() {
      position += length
      emit(.command, "dots")
    }
  }

  private mutating func digits() -> String {
    var text = ""
    while let scalar = scalar(at: position), "0"..."9" ~= scalar {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    return text
  }

  // MARK: - Thousands

  /// The length of an unambiguous thousands separator; behind one a comma is another.
  private func separatorLength(_ isGrouped: Bool) -> Int? {
    for separator in Self.separators {
      if scalars[position...].starts(with: separator) { return separator.count }
    }
    return isGrouped && scalar(at: position) == "," ? 1 : nil
  }

  private func isThousands(at index: Int) -> Bool {
    (0..<3).allSatisfy { isDigit(at: index + $0) } && !isDigit(at: index + 3)
  }

  // MARK: - Repeating decimals

  /// The number with its repeating block in parentheses: `0.1(6)` for `0.1\overline{6}`, `0.1(6)`,
  /// `0.1\dot6`, 0.16̅ and `0.1666...`; nil if nothing repeats.
  private mutating func repeatingBlock(after text: String) -> String? {
    var text = text
    var index = position
    if !text.contains(".") {
      guard scalar(at: index) == "." else { return nil }
      text += "."
      index += 1
    }
    while let next = scalar(at: index), next == " " || next == "{" && scalar(at: index + 1) == "}" {
      index += next == " " ? 1 : 2
    }
    if let (block, end) = markedBlock(from: index) ?? dottedBlock(from: index)
      ?? parenthesizedBlock(from: index)
    {
      position = end
      return text + "(\(block))"
    }
    if let (rest, block, end) = overlinedBlock(after: text, from: index) {
      position = end
      return rest + "(\(block))"
    }
    guard index == position, let length = ellipsisLength(),
      let (rest, block) = Self.repetition(in: text)
    else { return nil }
    position += length
    return rest + "(\(block))"
  }

  /// Whether `\overline`, `\bar` or `\dot` with digits is here.
  func beginsMarkedBlock(at index: Int) -> Bool {
    index < scalars.count && scalars[index] == "\\"
      && (markedBlock(from: index) ?? dottedBlock(from: index)) != nil
  }

  /// `\overline{27}` or `\bar{3}`.
  private func markedBlock(from start: Int) -> (String, Int)? {
    for name in ["\\overline", "\\bar"] where scalars[start...].starts(with: name.unicodeScalars) {
      return argument(from: start + name.unicodeScalars.count)
    }
    return nil
  }

  /// `\dot{3}` or `\dot{1}4285\dot{7}`, with dots over the first and the last digit.
  private func dottedBlock(from start: Int) -> (String, Int)? {
    let dot = "\\dot".unicodeScalars
    guard scalars[start...].starts(with: dot), var (block, end) = argument(from: start + dot.count)
    else { return nil }
    var between = end
    while isDigit(at: between) { between += 1 }
    if scalars[between...].starts(with: dot),
      let (last, close) = argument(from: between + dot.count)
    {
      for scalar in scalars[end..<between] { block.unicodeScalars.append(scalar) }
      (block, end) = (block + last, close)
    }
    return (block, end)
  }

  private func parenthesizedBlock(from start: Int) -> (String, Int)? {
    guard start == position || scalar(at: start - 1) == ".", scalar(at: start) == "(" else {
      return nil
    }
    return digits(from: start + 1, to: ")")
  }

  /// `{digits}`, or one digit.
  private func argument(from start: Int) -> (String, Int)? {
    if let digit = scalar(at: start), "0"..."9" ~= digit { return (String(digit), start + 1) }
    return scalar(at: start) == "{" ? digits(from: start + 1, to: "}") : nil
  }

  private func digits(from start: Int, to close: Unicode.Scalar) -> (String, Int)? {
    var text = ""
    var index = start
    while let digit = scalar(at: index), "0"..."9" ~= digit {
      text.unicodeScalars.append(digit)
      index += 1
    }
    return text.isEmpty || scalar(at: index) != close ? nil : (text, index + 1)
  }

  /// Digits each with a line or a dot above it, as combining marks. The first of them has already
  /// been read.
  private func overlinedBlock(after text: String, from start: Int) -> (String, String, Int)? {
    let marks: [Unicode.Scalar] = ["\u{305}", "\u{304}", "\u{307}"]
    guard let mark = scalar(at: start), marks.contains(mark), let first = text.last, first != "."
    else { return nil }
    var block = String(first)
    var index = start + 1
    while isDigit(at: index), scalar(at: index + 1) == mark {
      block.unicodeScalars.append(scalars[index])
      index += 2
    }
    return (String(text.dropLast()), block, index)
  }

  /// The length of `...`, `…` or `\dots` here.
  private func ellipsisLength() -> Int? {
    for mark in ["...", "…", "\\dots", "\\ldots", "\\cdots"]
    where scalars[position...].starts(with: mark.unicodeScalars) {
      return mark.unicodeScalars.count
    }
    return nil
  }

  /// The block that an ellipsis repeats: one written at least twice at the end, or the only digit
  /// behind the point. So 0.1212... is 12/99, 0.3... is 1/3, and 3.14... is unknown.
  private static func repetition(in text: String) -> (String, String)? {
    guard let point = text.firstIndex(of: ".") else { return nil }
    let whole = text[...point]
    let digits = Array(text[text.index(after: point)...].utf8)
    func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
    if digits.count == 1 { return (String(whole), part(0..<1)) }
    for length in 1..<max(2, min(digits.count / 2, 16) + 1) where digits.count >= 2 * length {
      let block = digits.suffix(length)
      var start = digits.count - length
      while start >= length, digits[(start - length)..<start].elementsEqual(block) {
        start -= length
      }
      if start < digits.count - length {
        return (whole + part(0..<start), part((digits.count - length)..<digits.count))
      }
    }
    return nil
  }
}

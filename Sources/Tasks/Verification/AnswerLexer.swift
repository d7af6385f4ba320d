// Splits an answer into tokens and removes everything that does not change its meaning.

/// Reads LaTeX, plain mathematics and a little Unicode. Never fails: unknown parts are kept. It
/// removes delimiters of mathematics (`$`, `\(`), sizes (`\left`, `\big`), styles (`\text`,
/// `\mathrm`, `\displaystyle`, an inner `\boxed`), spacing, unambiguous thousands separators
/// (`1{,}000`, `1\,000`, `1,\!000`), and Markdown's marks around the whole.
struct AnswerLexer {
  private let scalars: [Unicode.Scalar]
  /// Whether the text is prose rather than TeX.
  private let isProse: Bool
  private let hasOddDollars: Bool
  private var position = 0
  private var tokens: [AnswerToken] = []
  private var hasSpace = false
  private var braceDepth = 0
  /// The depth outside of the braces of `\text{…}`.
  private var textDepth: Int?

  /// The tokens of an answer.
  static func tokens(of text: String, isProse: Bool) -> [AnswerToken] {
    var lexer = AnswerLexer(text, isProse: isProse)
    while lexer.position < lexer.scalars.count { lexer.next() }
    return lexer.trimmed()
  }

  private init(_ text: String, isProse: Bool) {
    scalars = Array(text.unicodeScalars)
    self.isProse = isProse
    var dollars = 0
    for (index, scalar) in scalars.enumerated()
    where scalar == "$" && (index == 0 || scalars[index - 1] != "\\") { dollars += 1 }
    hasOddDollars = dollars % 2 == 1
  }

  private mutating func next() {
    let scalar = scalars[position]
    switch scalar {
    case "\\": command()
    case "0"..."9": number()
    case "." where isDigit(at: position + 1): number()
    case "a"..."z", "A"..."Z": word()
    case "$":
      // An unpaired dollar sign before a number is money.
      if hasOddDollars, isDigit(at: position + 1) { emit(.command, AnswerToken.currency) }
      position += 1
    case "*" where self.scalar(at: position + 1) == "*" && isPower(at: position + 2):
      emit(.symbol, "^")
      position += 2
    case "{":
      emit(.symbol, "{")
      braceDepth += 1
      position += 1
    case "}":
      emit(.symbol, "}")
      braceDepth -= 1
      if let textDepth, braceDepth <= textDepth { self.textDepth = nil }
      position += 1
    case "`": position += 1
    default:
      position += 1
      if scalar.properties.isWhitespace || scalar == "~" {
        hasSpace = true
      } else if let (kind, text) = Self.unicode[scalar] {
        emit(kind, text)
      } else if let power = Self.superscripts[scalar] {
        emit(.symbol, "^")
        emit(.number, power)
      } else if !Self.ignored.contains(scalar) {
        emit(.symbol, String(scalar))
      }
    }
  }

  // MARK: - Commands and words

  private mutating func command() {
    guard let first = scalar(at: position + 1) else {
      emit(.symbol, "\\")
      position += 1
      return
    }
    guard isLetter(first) else { return controlSymbol(first) }
    var name = ""
    position += 1
    while let scalar = scalar(at: position), isLetter(scalar) {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    if Self.spaces.contains(name) {
      hasSpace = true
    } else if Self.sizes.contains(name) {
      // `\left.` and `\right.` are invisible delimiters.
      if name == "left" || name == "right", scalar(at: position) == "." { position += 1 }
    } else if Self.texts.contains(name) {
      if textDepth == nil { textDepth = braceDepth }
    } else if Self.dropped.contains(name) {
      skipGroup()
    } else if let symbol = Self.symbolCommands[name] {
      emit(.symbol, symbol)
    } else if !Self.styles.contains(name) {
      emit(.command, Self.aliases[name] ?? name)
    }
  }

  private mutating func controlSymbol(_ scalar: Unicode.Scalar) {
    position += 2
    switch scalar {
    case ",", ";", ":", ">", " ", "\n", "\t", "/": hasSpace = true
    case "!", "(", ")", "[", "]": break
    case "{", "}": emit(.command, String(scalar))
    case "$": emit(.command, AnswerToken.currency)
    case "%", "&", "#", "_": emit(.symbol, String(scalar))
    case "|": emit(.command, "|")
    case "\\":
      // A single backslash in place of two: the usual clean-up of MATH removes the other one from
      // reference answers.
      emit(.symbol, "\\")
    default:
      emit(.symbol, "\\")
      position -= 1
    }
  }

  private mutating func word() {
    var word = ""
    while let scalar = scalar(at: position), isLetter(scalar) {
      word.unicodeScalars.append(scalar)
      position += 1
    }
    if let name = Self.plainCommands[word] {
      emit(.command, name)
    } else {
      emit(.word, word)
    }
  }

  /// Skips `{…}` after a command whose argument is not shown.
  private mutating func skipGroup() {
    guard scalar(at: position) == "{" else { return }
    var depth = 0
    while let scalar = scalar(at: position) {
      position += 1
      if scalar == "{" { depth += 1 }
      if scalar == "}" { depth -= 1 }
      if depth == 0 { return }
    }
  }

  // MARK: - Numbers

  private mutating func number() {
    var text = digits()
    if 1...3 ~= text.utf8.count {
      while let length = separatorLength(), isThousands(at: position + length) {
        position += length
        text += digits()
      }
    }
    if scalar(at: position) == ".", isDigit(at: position + 1) {
      position += 1
      text += "." + digits()
    }
    if let mark = scalar(at: position), mark == "e" || mark == "E" {
      let sign = scalar(at: position + 1)
      let isSigned = sign == "-" || sign == "+"
      if isDigit(at: position + (isSigned ? 2 : 1)) {
        position += isSigned ? 2 : 1
        text += sign == "-" ? "e-" : "e"
        text += digits()
      }
    }
    emit(.number, text)
  }

  private mutating func digits() -> String {
    var text = ""
    while let scalar = scalar(at: position), "0"..."9" ~= scalar {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    return text
  }

  /// The length of an unambiguous thousands separator.
  private func separatorLength() -> Int? {
    for separator in Self.separators {
      if scalars[position...].starts(with: separator) { return separator.count }
    }
    return nil
  }

  private func isThousands(at index: Int) -> Bool {
    (0..<3).allSatisfy { isDigit(at: index + $0) } && !isDigit(at: index + 3)
  }

  // MARK: - Characters

  private mutating func emit(_ kind: AnswerToken.Kind, _ text: String) {
    // The words of a sentence are separated and longer than variables.
    let isProseWord = isProse && hasSpace && text.utf8.count >= 3
    tokens.append(
      AnswerToken(
        kind: kind, text: text, hasSpace: hasSpace, isProse: textDepth != nil || isProseWord))
    hasSpace = false
  }

  private func scalar(at index: Int) -> Unicode.Scalar? {
    scalars.indices.contains(index) ? scalars[index] : nil
  }

  private func isDigit(at index: Int) -> Bool {
    scalar(at: index).map { "0"..."9" ~= $0 } ?? false
  }

  private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    "a"..."z" ~= scalar || "A"..."Z" ~= scalar
  }

  /// Whether `**` here is Python's power and not Markdown's bold.
  private func isPower(at index: Int) -> Bool {
    guard let next = scalar(at: index), let last = tokens.last else { return false }
    let isOperand = last.kind != .symbol || last.text == ")"
    return isOperand && (isLetter(next) || isDigit(at: index) || next == "(" || next == "-")
  }

  /// The tokens without Markdown and punctuation around them.
  private func trimmed() -> [AnswerToken] {
    var range = tokens[...]
    while let first = range.first, first.kind == .symbol, "*=:,;\"'".contains(first.text) {
      range.removeFirst()
    }
    while let last = range.last, last.kind == .symbol, "*.,;:\"".contains(last.text) {
      range.removeLast()
    }
    return Array(range)
  }
}

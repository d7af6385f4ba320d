// Splits an answer into tokens and removes everything that does not change its meaning.

/// Reads LaTeX, plain mathematics and a little Unicode. Never fails: unknown parts are kept. It
/// removes delimiters of mathematics (`$`, `\(`), sizes (`\left`, `\big`), styles (`\text`,
/// `\mathrm`, `\displaystyle`, an inner `\boxed`), spacing, unambiguous thousands separators
/// (`1{,}000`, `1\,000`, `1,\!000`), and Markdown's marks around the whole.
struct AnswerLexer {
  let scalars: [Unicode.Scalar]
  /// Whether the text is prose rather than TeX.
  private let isProse: Bool
  private let hasOddDollars: Bool
  var position = 0
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
    scalars = text.unicodeScalars.map(Self.plain)
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
    case "." where isDigit(at: position + 1) || beginsMarkedBlock(at: position + 1): number()
    case "." where tokens.last?.isSymbol(",") == true && self.scalar(at: position + 1) == ".":
      // A list that goes on.
      emit(.command, "ldots")
      while self.scalar(at: position) == "." { position += 1 }
    case "a"..."z", "A"..."Z": word()
    case "$":
      // An unpaired dollar sign before a number is money.
      if hasOddDollars, isDigit(at: position + 1) { emit(.command, AnswerToken.currency) }
      position += 1
    case "<" where tagLength() != nil: position += tagLength() ?? 1
    case "<" where self.scalar(at: position + 1) == "=":
      emit(.command, "le")
      position += 2
    case ">" where self.scalar(at: position + 1) == "=":
      emit(.command, "ge")
      position += 2
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
      } else if Self.superscripts[scalar] != nil {
        position -= 1
        if !raisedFraction() { superscript() }
      } else if Self.subscripts[scalar] != nil {
        position -= 1
        emit(.symbol, "_")
        group(digits(of: Self.subscripts))
      } else if let (numerator, denominator) = Self.vulgarFraction(scalar) {
        emit(.command, "frac")
        for number in [numerator, denominator] { group(number) }
      } else if scalar.properties.generalCategory == .currencySymbol {
        emit(.command, String(scalar))
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
      if scalar(at: position) == "*" { position += 1 }
      skipGroup()
    } else if let symbol = Self.symbolCommands[name] {
      emit(.symbol, symbol)
    } else if !Self.styles.contains(name) {
      // \sfrac, \nicefrac and others only look different.
      emit(.command, Self.aliases[name] ?? (name.hasSuffix("frac") ? "frac" : name))
    }
  }

  /// A run of raised digits, with a sign.
  private mutating func superscript() {
    var text = digits(of: Self.superscripts)
    emit(.symbol, "^")
    tokens.append(.symbol("{"))
    if let sign = text.first, !sign.isNumber {
      tokens.append(.symbol(String(sign)))
      text.removeFirst()
    }
    if !text.isEmpty { tokens.append(AnswerToken(kind: .number, text: text)) }
    tokens.append(.symbol("}"))
  }

  /// A fraction of raised and lowered digits such as ¹⁄₂, which is no exponent at the start, behind a number
  /// or behind a sign.
  private mutating func raisedFraction() -> Bool {
    let last = tokens.last
    guard last == nil || last?.kind == .number || last.map({ "+-=(,[".contains($0.text) }) == true
    else { return false }
    let start = position
    let numerator = digits(of: Self.superscripts)
    if numerator.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      scalar(at: position) == "⁄" || scalar(at: position) == "/"
    {
      position += 1
      let denominator = digits(of: Self.subscripts)
      if !denominator.isEmpty {
        emit(.command, "frac")
        for number in [numerator, denominator] { group(number) }
        return true
      }
    }
    position = start
    return false
  }

  private mutating func digits(of names: [Unicode.Scalar: String]) -> String {
    var text = ""
    while let scalar = scalar(at: position), let digit = names[scalar] {
      text += digit
      position += 1
    }
    return text
  }

  /// A number in braces.
  private mutating func group(_ number: String) {
    tokens += [.symbol("{"), AnswerToken(kind: .number, text: number), .symbol("}")]
  }

  /// The length of a tag of HTML for emphasis here. One that opens needs its end, since a<b> may be a
  /// relation, unless it has no left side: an end may have been cut off.
  private func tagLength() -> Int? {
    let rest = scalars[position...]
    for name in ["b", "i", "u", "em", "strong"] {
      let (open, close) = (Array("<\(name)>".unicodeScalars), Array("</\(name)>".unicodeScalars))
      if rest.starts(with: close) { return close.count }
      guard rest.starts(with: open) else { continue }
      let hasEnd = rest.indices.contains {
        scalars[$0] == "<" && scalars[$0...].starts(with: close)
      }
      let hasLeftSide = tokens.last.map { !$0.isSymbol("=") } ?? false
      return hasEnd || !hasLeftSide ? open.count : nil
    }
    return nil
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
    } else if word.lowercased() == "minus" || word.lowercased() == "negative", precedesNumber() {
      emit(.symbol, "-")
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

  // MARK: - Characters

  mutating func emit(_ kind: AnswerToken.Kind, _ text: String, isGrouped: Bool = false) {
    // The words of a sentence are separated and longer than variables, except for units.
    let isUnit = tokens.last?.kind == .number && AnswerUnit.isKnownLetter(text)
    let isProseWord = isProse && hasSpace && (text.utf8.count >= 3 || isUnit)
    tokens.append(
      AnswerToken(
        kind: kind, text: text, hasSpace: hasSpace, isProse: textDepth != nil || isProseWord,
        isGrouped: isGrouped))
    hasSpace = false
  }

  func scalar(at index: Int) -> Unicode.Scalar? {
    scalars.indices.contains(index) ? scalars[index] : nil
  }

  func isDigit(at index: Int) -> Bool {
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

  /// Whether a number follows, possibly in a formula.
  private func precedesNumber() -> Bool {
    var index = position
    while let next = scalar(at: index), " $}".unicodeScalars.contains(next) { index += 1 }
    return index > position && isDigit(at: index)
  }

  /// The tokens without Markdown and punctuation around them.
  private func trimmed() -> [AnswerToken] { Self.trimmed(tokens) }

  /// Tokens without Markdown and punctuation around them.
  static func trimmed(_ tokens: [AnswerToken]) -> [AnswerToken] {
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

// Splits a template into text and the tokens of its tags.

/// A token, with the line where it starts.
struct Token: Sendable {
  enum Kind: Sendable, Equatable {
    case text(String)
    case beginOutput
    case endOutput
    case beginBlock
    case endBlock
    case name(String)
    case string(String)
    case integer(Int)
    case real(Double)
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int
}

/// Jinja's lexer with transformers' settings: `trim_blocks` and `lstrip_blocks`, no line statements,
/// the last line break of the file dropped (jinja2, lexer.py).
struct Lexer {
  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var line = 1
  private var tokens: [Token] = []
  /// Whether the last token ended with a line break, so that the next text starts a line.
  private var startsLine = true

  private enum Tag {
    case output
    case block
    case comment
  }

  static func tokens(of source: String) throws(JinjaError) -> [Token] {
    var lexer = Lexer(source)
    try lexer.run()
    return lexer.tokens
  }

  private init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    var previous: Unicode.Scalar?
    // Line breaks are "\n" from here on, as in jinja2's `newline_sequence`.
    for scalar in source.unicodeScalars {
      if scalar == "\r" {
        scalars.append("\n")
      } else if scalar != "\n" || previous != "\r" {
        scalars.append(scalar)
      }
      previous = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    self.scalars = scalars
  }

  // MARK: - Text between tags

  private mutating func run() throws(JinjaError) {
    while true {
      let start = index
      let isLineStart = startsLine
      while index < scalars.count, tag(at: index) == nil { advance() }
      guard index < scalars.count, let tag = tag(at: index) else {
        append(text: scalars[start..<index])
        tokens.append(Token(kind: .end, line: line))
        return
      }
      let sign = index + 2 < scalars.count ? scalars[index + 2] : " "
      append(text: text(scalars[start..<index], startsLine: isLineStart, before: tag, sign: sign))
      advance(2)
      if sign == "-" || sign == "+" { advance() }
      switch tag {
      case .comment: try skipComment()
      case .output:
        tokens.append(Token(kind: .beginOutput, line: line))
        try scanTag(.output)
      case .block:
        if try scanRaw() { continue }
        tokens.append(Token(kind: .beginBlock, line: line))
        try scanTag(.block)
      }
    }
  }

  private func tag(at place: Int) -> Tag? {
    guard scalars[place] == "{", place + 1 < scalars.count else { return nil }
    return switch scalars[place + 1] {
    case "{": .output
    case "%": .block
    case "#": .comment
    default: nil
    }
  }

  /// The text in front of a tag, without the white space that the tag removes.
  private func text(
    _ text: ArraySlice<Unicode.Scalar>, startsLine: Bool, before tag: Tag, sign: Unicode.Scalar
  ) -> ArraySlice<Unicode.Scalar> {
    if sign == "-" {
      let last = text.lastIndex { !$0.isPythonSpace }
      return text[..<(last.map { $0 + 1 } ?? text.startIndex)]
    }
    guard sign != "+", tag != .output else { return text }
    let lineBreak = text.lastIndex(of: "\n")
    guard lineBreak != nil || startsLine else { return text }
    let lineStart = lineBreak.map { $0 + 1 } ?? text.startIndex
    return text[lineStart...].allSatisfy(\.isPythonSpace) ? text[..<lineStart] : text
  }

  private mutating func append(text: ArraySlice<Unicode.Scalar>) {
    guard !text.isEmpty else { return }
    var string = String.UnicodeScalarView()
    string.append(contentsOf: text)
    tokens.append(Token(kind: .text(String(string)), line: line))
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where index < scalars.count {
      if scalars[index] == "\n" { line += 1 }
      startsLine = scalars[index] == "\n"
      index += 1
    }
  }

  // MARK: - Ends of tags

  /// Passes the end of a tag at `index`, with the white space that it removes.
  private mutating func passEnd(_ closing: Unicode.Scalar) -> Bool {
    var place = index
    let sign: Unicode.Scalar? =
      place < scalars.count && (scalars[place] == "-" || scalars[place] == "+" && closing != "}")
      ? scalars[place] : nil
    if sign != nil { place += 1 }
    guard place + 1 < scalars.count, scalars[place] == closing, scalars[place + 1] == "}" else {
      return false
    }
    advance(place + 2 - index)
    if sign == "-" {
      while index < scalars.count, scalars[index].isPythonSpace { advance() }
    } else if sign == nil, closing != "}", index < scalars.count, scalars[index] == "\n" {
      advance()
    }
    return true
  }

  private mutating func skipComment() throws(JinjaError) {
    let start = line
    while index < scalars.count {
      if passEnd("#") { return }
      advance()
    }
    throw JinjaError(.syntax, "a comment without an end (expected #})", line: start)
  }

  /// Passes `raw %}…{% endraw %}` after `{%`; false for another tag.
  private mutating func scanRaw() throws(JinjaError) -> Bool {
    guard let body = passWord("raw", from: index) else { return false }
    let start = line
    var place = body
    let strips = place < scalars.count && scalars[place] == "-"
    if strips { place += 1 }
    guard place + 1 < scalars.count, scalars[place] == "%", scalars[place + 1] == "}" else {
      return false
    }
    advance(place + 2 - index)
    if strips { while index < scalars.count, scalars[index].isPythonSpace { advance() } }
    let first = index
    let isLineStart = startsLine
    while index < scalars.count {
      if tag(at: index) == .block {
        let sign = index + 2 < scalars.count ? scalars[index + 2] : " "
        let inner = sign == "-" || sign == "+" ? index + 3 : index + 2
        if let end = passWord("endraw", from: inner) {
          let text = text(
            scalars[first..<index], startsLine: isLineStart, before: .block, sign: sign)
          let here = index
          advance(end - index)
          if passEnd("%") {
            append(text: text)
            return true
          }
          advance(here - index)
        }
      }
      advance()
    }
    throw JinjaError(.syntax, "raw without an end (expected endraw)", line: start)
  }

  /// The place after spaces, a word and spaces, or nil if they are not there.
  private func passWord(_ word: String, from start: Int) -> Int? {
    var place = start
    while place < scalars.count, scalars[place].isPythonSpace { place += 1 }
    for scalar in word.unicodeScalars {
      guard place < scalars.count, scalars[place] == scalar else { return nil }
      place += 1
    }
    while place < scalars.count, scalars[place].isPythonSpace { place += 1 }
    return place
  }

  // MARK: - Tokens in a tag

  private mutating func scanTag(_ tag: Tag) throws(JinjaError) {
    let start = line
    // Within brackets `}}` closes dictionaries.
    var brackets: [Unicode.Scalar] = []
    while index < scalars.count {
      let scalar = scalars[index]
      if brackets.isEmpty, passEnd(tag == .output ? "}" : "%") {
        tokens.append(Token(kind: tag == .output ? .endOutput : .endBlock, line: line))
        return
      }
      switch scalar {
      case _ where scalar.isPythonSpace: advance()
      case "'", "\"": try scanString(scalar)
      case "0"..."9": try scanNumber()
      case _ where scalar == "_" || scalar.properties.isXIDStart: scanName()
      default: try scanSymbol(&brackets)
      }
    }
    throw JinjaError(.syntax, "a tag without an end", line: start)
  }

  private mutating func scanName() {
    let start = index
    while index < scalars.count, scalars[index].properties.isXIDContinue { advance() }
    var name = String.UnicodeScalarView()
    name.append(contentsOf: scalars[start..<index])
    tokens.append(Token(kind: .name(String(name)), line: line))
  }

  private mutating func scanNumber() throws(JinjaError) {
    let start = index
    while index < scalars.count {
      let scalar = scalars[index]
      let isPoint =
        scalar == "." && index + 1 < scalars.count && ("0"..."9").contains(scalars[index + 1])
      let isExponentSign =
        (scalar == "+" || scalar == "-") && (scalars[index - 1] == "e" || scalars[index - 1] == "E")
      guard scalar.properties.isXIDContinue || isPoint || isExponentSign else { break }
      advance()
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<index].filter { $0 != "_" })
    let digits = String(text)
    if let value = Int(digits) {
      tokens.append(Token(kind: .integer(value), line: line))
    } else if !digits.contains("x"),
      digits.contains(where: { $0 == "." || $0 == "e" || $0 == "E" }),
      let value = Double(digits)
    {
      tokens.append(Token(kind: .real(value), line: line))
    } else {
      throw JinjaError(
        .unsupported, "the number \(digits) (expected decimal digits below 2^63)", line: line)
    }
  }

  private mutating func scanString(_ quote: Unicode.Scalar) throws(JinjaError) {
    let start = line
    advance()
    var string = String.UnicodeScalarView()
    while index < scalars.count, scalars[index] != quote {
      let scalar = scalars[index]
      advance()
      if scalar == "\\", index < scalars.count {
        try scanEscape(into: &string)
      } else {
        string.append(scalar)
      }
    }
    guard index < scalars.count else {
      throw JinjaError(.syntax, "a string without its closing quote", line: start)
    }
    advance()
    tokens.append(Token(kind: .string(String(string)), line: start))
  }

  /// Python's `unicode-escape`; an unknown escape stays as it is.
  private mutating func scanEscape(into string: inout String.UnicodeScalarView) throws(JinjaError) {
    let scalar = scalars[index]
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}",
      "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
    ]
    if let value = simple[scalar] {
      advance()
      string.append(value)
    } else if scalar == "\n" {
      advance()
    } else if let count = ["x": 2, "u": 4, "U": 8][scalar] {
      let digits = scalars[min(index + 1, scalars.count)...].prefix(count)
      guard digits.count == count, let code = UInt32(String(digits.map(Character.init)), radix: 16),
        let value = Unicode.Scalar(code)
      else {
        throw JinjaError(
          .unsupported, "the escape \\\(scalar) (expected \(count) digits of a character)",
          line: line)
      }
      advance(count + 1)
      string.append(value)
    } else if ("0"..."7").contains(scalar) || scalar == "N" {
      throw JinjaError(.unsupported, "the escape \\\(scalar) in a string", line: line)
    } else {
      string.append("\\")
    }
  }

  private mutating func scanSymbol(_ brackets: inout [Unicode.Scalar]) throws(JinjaError) {
    let scalar = scalars[index]
    let pairs = ["==", "!=", "<=", ">=", "//", "**"]
    if index + 1 < scalars.count,
      let pair = pairs.first(where: {
        $0.unicodeScalars.elementsEqual([scalar, scalars[index + 1]])
      })
    {
      tokens.append(Token(kind: .symbol(pair), line: line))
      advance(2)
      return
    }
    switch scalar {
    case "(", "[", "{": brackets.append(scalar)
    case ")", "]", "}":
      let opening: Unicode.Scalar = scalar == ")" ? "(" : scalar == "]" ? "[" : "{"
      guard brackets.popLast() == opening else {
        throw JinjaError(.syntax, "\(scalar) without its opening bracket", line: line)
      }
    case "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":", "|", ",": break
    default: throw JinjaError(.syntax, "the character \(scalar) in a tag", line: line)
    }
    tokens.append(Token(kind: .symbol(String(Character(scalar))), line: line))
    advance()
  }
}

extension Unicode.Scalar {
  /// Python's `str.isspace`.
  var isPythonSpace: Bool {
    properties.isWhitespace || (0x1C...0x1F).contains(value)
  }
}

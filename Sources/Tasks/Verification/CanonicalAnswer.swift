// Converts the tokens of an answer to the canonical form in which answers are compared.

/// The canonical tokens of an answer: the arguments of `\frac`, `\sqrt`, `^`, `_` and similar are
/// in braces, for all ways of writing them (`\frac12`, `\frac{1}2`, `x^2`, `2^(10)`); every other
/// pair of braces is removed; and `^\circ` is a degree sign.
struct CanonicalAnswer {
  /// The nesting was deeper than `maximumDepth`.
  struct TooDeep: Error {}

  static let maximumDepth = 64

  private var input: [AnswerToken]
  private var position = 0
  private var output: [AnswerToken] = []
  private var depth = 0

  /// The canonical tokens.
  static func tokens(of text: String, isProse: Bool) throws(TooDeep) -> [AnswerToken] {
    var answer = CanonicalAnswer(input: AnswerLexer.tokens(of: text, isProse: isProse))
    while answer.position < answer.input.count { try answer.group(hasSpace: false) }
    // Punctuation inside of `\text{}` has become visible.
    return AnswerLexer.trimmed(answer.output)
  }

  private init(input: [AnswerToken]) {
    self.input = input
  }

  private var next: AnswerToken? { position < input.count ? input[position] : nil }

  /// One token with its arguments, or the contents of a pair of braces.
  private mutating func element() throws(TooDeep) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw TooDeep() }
    let token = input[position]
    position += 1
    switch token.kind {
    case .symbol where token.text == "{": try group(hasSpace: token.hasSpace)
    case .symbol where token.text == "}": break  // has no partner
    case .symbol where token.text == "^": try power(token)
    case .symbol where token.text == "_":
      output.append(token)
      try argument(takesNumber: true)
    case .command where token.text == "frac" || token.text == "binom":
      output.append(token)
      try argument()
      try argument()
    case .command where token.text == "plainroot" || token.text == "plaincuberoot":
      // √12 is the root of 12, where \sqrt12 is √1 2.
      output.append(AnswerToken(kind: .command, text: "sqrt", hasSpace: token.hasSpace))
      if token.text == "plaincuberoot" {
        output += [.symbol("["), AnswerToken(kind: .number, text: "3"), .symbol("]")]
      }
      try argument(takesNumber: true, takesParentheses: true)
    case .command where token.text == "sqrt":
      output.append(token)
      if next?.isSymbol("[") == true { try optionalArgument() }
      try argument(takesParentheses: true)
    case .command where Self.oneArgument.contains(token.text):
      output.append(token)
      try argument()
    default: output.append(token)
    }
  }

  /// The rest of a group after its opening brace, without the braces.
  private mutating func group(hasSpace: Bool) throws(TooDeep) {
    let start = output.count
    while let token = next, !token.isSymbol("}") {
      if let name = Self.infix[token.text], token.kind == .command {
        position += 1
        try secondArgument(of: name, from: start)
      } else {
        try element()
      }
    }
    // A space in front of the closing brace is behind the group.
    if let close = next, close.hasSpace, position + 1 < input.count {
      input[position + 1].hasSpace = true
    }
    position = min(position + 1, input.count)
    if hasSpace, start < output.count { output[start].hasSpace = true }
  }

  /// `a \over b`, which reaches to both ends of the group.
  private mutating func secondArgument(of name: String, from start: Int) throws(TooDeep) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw TooDeep() }
    let first = output[start...]
    let head: [AnswerToken] = [AnswerToken(kind: .command, text: name), .symbol("{")]
    output.replaceSubrange(start..., with: head + first + [.symbol("}"), .symbol("{")])
    while let token = next, !token.isSymbol("}"), Self.infix[token.text] == nil { try element() }
    output.append(.symbol("}"))
  }

  private static let infix = ["over": "frac", "choose": "binom"]

  private mutating func power(_ token: AnswerToken) throws(TooDeep) {
    let start = output.count
    output.append(token)
    if let sign = next, sign.isSymbol("-") || sign.isSymbol("+"), position + 1 < input.count,
      input[position + 1].kind == .number
    {
      // TeX would raise only the sign, which is never meant.
      output += [.symbol("{"), sign, input[position + 1], .symbol("}")]
      position += 2
    } else {
      try argument(takesNumber: true, takesParentheses: true)
    }
    if output.count == start + 4, output[start + 2].isCommand("circ") {
      output.removeSubrange(start...)
      output.append(.symbol("°"))
    }
  }

  /// `[…]` of a root.
  private mutating func optionalArgument() throws(TooDeep) {
    repeat { try element() } while next.map { !$0.isSymbol("]") } ?? false
    if let close = next {
      output.append(close)
      position += 1
    }
  }

  /// Reads one argument and puts it in braces. Without braces an argument is one digit, letter or
  /// command, as in TeX. With `takesNumber` it may be a whole number, since `2^10` outside of TeX
  /// means that.
  private mutating func argument(
    takesNumber: Bool = false, takesParentheses: Bool = false
  ) throws(TooDeep) {
    output.append(.symbol("{"))
    defer { output.append(.symbol("}")) }
    guard let token = next else { return }
    if takesParentheses, token.isSymbol("("), let end = closingParenthesis() {
      position += 1
      while position < end { try element() }
      position = max(position, end + 1)
    } else if token.isSymbol("{") {
      position += 1
      try group(hasSpace: false)
    } else if token.isSymbol("}") {
      return  // the argument is missing
    } else if token.kind == .word || token.kind == .number && !takesNumber,
      token.text.utf8.count > 1
    {
      let first = String(token.text.prefix(1))
      output.append(AnswerToken(kind: token.kind, text: first, isProse: token.isProse))
      input[position] = AnswerToken(
        kind: token.kind, text: String(token.text.dropFirst()), isProse: token.isProse)
    } else {
      try element()
    }
  }

  /// The index of the closing parenthesis of the next one.
  private func closingParenthesis() -> Int? {
    var depth = 0
    for index in position..<input.count {
      if input[index].isSymbol("(") { depth += 1 }
      if input[index].isSymbol(")") { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }

  private static let oneArgument: Set<String> = [
    "begin", "end", "overline", "underline", "bar", "hat", "widehat", "vec", "tilde", "dot",
    "mathbb", "mathcal", "mathfrak", "mathscr", "overrightarrow", "overleftrightarrow", "pmod",
  ]
}

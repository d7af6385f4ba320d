// Reads the statements of a template (jinja2, parser.py).

/// A recursive-descent parser over the tokens of a template.
struct Parser {
  var tokens: [Token]
  var index = 0
  /// How many expressions and bodies enclose the current place.
  var depth = 0

  /// Deeper templates are refused, since each level needs stack.
  static let maximumDepth = 64

  static func statements(of source: String) throws(JinjaError) -> [Statement] {
    var parser = Parser(tokens: try Lexer.tokens(of: source))
    let body = try parser.body(until: [])
    guard parser.current.kind == .end else { throw parser.unexpected("the end of the template") }
    return body
  }

  // MARK: - Tokens

  var current: Token { tokens[index] }
  var following: Token { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() { if index + 1 < tokens.count { index += 1 } }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }
  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func skip(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind, _ what: String) throws(JinjaError) {
    guard current.kind == kind else { throw unexpected(what) }
    advance()
  }

  mutating func name(_ what: String) throws(JinjaError) -> String {
    guard case .name(let name) = current.kind else { throw unexpected(what) }
    advance()
    return name
  }

  func unexpected(_ expected: String) -> JinjaError {
    let found =
      switch current.kind {
      case .text: "text"
      case .beginOutput: "{{"
      case .endOutput: "}}"
      case .beginBlock: "{%"
      case .endBlock: "%}"
      case .name(let name): name
      case .string: "a string"
      case .integer, .real: "a number"
      case .symbol(let symbol): symbol
      case .end: "the end of the template"
      }
    return JinjaError(.syntax, "\(found) (expected \(expected))", line: current.line)
  }

  mutating func nested<Result>(
    _ parse: (inout Parser) throws(JinjaError) -> Result
  ) throws(JinjaError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw JinjaError(
        .limit, "more than \(Self.maximumDepth) levels within each other", line: current.line)
    }
    return try parse(&self)
  }

  // MARK: - Bodies

  /// The statements up to a tag with one of the names, whose `{%` is passed and whose name is not.
  mutating func body(until ends: Set<String>) throws(JinjaError) -> [Statement] {
    try nested { (parser) throws(JinjaError) in
      var statements: [Statement] = []
      while true {
        let line = parser.current.line
        switch parser.current.kind {
        case .text(let text):
          parser.advance()
          statements.append(Statement(line: line, kind: .text(text)))
        case .beginOutput:
          parser.advance()
          let value = try parser.tuple()
          try parser.expect(.endOutput, "}}")
          statements.append(Statement(line: line, kind: .output(value)))
        case .beginBlock:
          parser.advance()
          if case .name(let name) = parser.current.kind, ends.contains(name) { return statements }
          statements.append(Statement(line: line, kind: try parser.statement()))
        case .end:
          guard ends.isEmpty else {
            throw parser.unexpected(ends.sorted().joined(separator: " or "))
          }
          return statements
        default:
          throw parser.unexpected("text or a tag")
        }
      }
    }
  }

  /// The body up to one closing tag, which is passed.
  private mutating func body(closedBy end: String) throws(JinjaError) -> [Statement] {
    let body = try body(until: [end])
    advance()
    // A name may follow, as in `endmacro name`.
    if end == "endmacro", case .name = current.kind { advance() }
    try expect(.endBlock, "%}")
    return body
  }

  private mutating func statement() throws(JinjaError) -> Statement.Kind {
    let line = current.line
    let tag = try name("a statement")
    switch tag {
    case "if": return try conditional()
    case "for": return .loop(try loop())
    case "set": return try set()
    case "macro":
      let name = try name("the name of a macro")
      let parameters = try parameters()
      try expect(.endBlock, "%}")
      return .macro(
        Macro(name: name, parameters: parameters, body: try body(closedBy: "endmacro")))
    case "call":
      let parameters = isSymbol("(") ? try parameters() : []
      let call = try expression()
      guard case .call = call else { throw unexpected("the call of a macro") }
      try expect(.endBlock, "%}")
      let body = try body(closedBy: "endcall")
      return .callBlock(Macro(name: "caller", parameters: parameters, body: body), call)
    case "filter":
      let filters = try filters()
      try expect(.endBlock, "%}")
      return .filterBlock(filters, body: try body(closedBy: "endfilter"))
    case "with":
      var values: [(Target, Expression)] = []
      while current.kind != .endBlock {
        if !values.isEmpty { try expect(.symbol(","), ",") }
        let target = try target()
        try expect(.symbol("="), "=")
        values.append((target, try expression()))
      }
      try expect(.endBlock, "%}")
      return .with(values, body: try body(closedBy: "endwith"))
    case "generation":
      try expect(.endBlock, "%}")
      return .generation(try body(closedBy: "endgeneration"))
    case "break", "continue":
      try expect(.endBlock, "%}")
      return tag == "break" ? .leave : .next
    default:
      throw JinjaError(.unsupported, "the statement \(tag)", line: line)
    }
  }

  private mutating func conditional() throws(JinjaError) -> Statement.Kind {
    var branches: [(condition: Expression?, body: [Statement])] = []
    var condition: Expression? = try tuple(allowsConditional: false)
    while true {
      try expect(.endBlock, "%}")
      let body = try body(until: condition == nil ? ["endif"] : ["elif", "else", "endif"])
      branches.append((condition, body))
      if skip(name: "elif") {
        condition = try tuple(allowsConditional: false)
      } else if skip(name: "else") {
        condition = nil
      } else {
        advance()
        try expect(.endBlock, "%}")
        return .conditional(branches)
      }
    }
  }

  private mutating func loop() throws(JinjaError) -> Loop {
    let target = try target()
    guard skip(name: "in") else { throw unexpected("in") }
    let sequence = try tuple(allowsConditional: false)
    let condition: Expression? = skip(name: "if") ? try expression() : nil
    if isName("recursive") {
      throw JinjaError(.unsupported, "a recursive loop", line: current.line)
    }
    try expect(.endBlock, "%}")
    let body = try body(until: ["else", "endfor"])
    var otherwise: [Statement] = []
    if skip(name: "else") {
      try expect(.endBlock, "%}")
      otherwise = try self.body(until: ["endfor"])
    }
    advance()
    try expect(.endBlock, "%}")
    return Loop(
      target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise)
  }

  private mutating func set() throws(JinjaError) -> Statement.Kind {
    let target = try target()
    if skip(symbol: "=") {
      let value = try tuple()
      try expect(.endBlock, "%}")
      return .set(target, value)
    }
    let filters = isSymbol("|") ? try self.filters() : []
    try expect(.endBlock, "%}")
    return .capture(target, filters, body: try body(closedBy: "endset"))
  }

  /// One name, several, or an attribute of a namespace.
  private mutating func target() throws(JinjaError) -> Target {
    let isBracketed = skip(symbol: "(")
    let first = try name("a name to assign to")
    if !isBracketed, skip(symbol: ".") { return .attribute(first, try name("an attribute")) }
    var names = [first]
    while skip(symbol: ",") { names.append(try name("a name to assign to")) }
    if isBracketed { try expect(.symbol(")"), ")") }
    return names.count == 1 ? .name(first) : .names(names)
  }

  private mutating func parameters() throws(JinjaError) -> [(name: String, preset: Expression?)] {
    var parameters: [(name: String, preset: Expression?)] = []
    try expect(.symbol("("), "(")
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(.symbol(","), ",") }
      let name = try name("a parameter")
      parameters.append((name, skip(symbol: "=") ? try expression() : nil))
    }
    advance()
    return parameters
  }

  /// `upper | replace('a', 'b')`, with or without a first `|`.
  private mutating func filters() throws(JinjaError) -> [(name: String, arguments: Arguments)] {
    var filters: [(name: String, arguments: Arguments)] = []
    _ = skip(symbol: "|")
    repeat {
      let name = try name("a filter")
      filters.append((name, isSymbol("(") ? try arguments() : Arguments()))
    } while skip(symbol: "|")
    return filters
  }
}

// Reads expressions, with jinja2's precedence of operators.

extension Parser {
  /// An expression, or a tuple of several without brackets.
  mutating func tuple(allowsConditional: Bool = true) throws(JinjaError) -> Expression {
    func operand(_ parser: inout Parser) throws(JinjaError) -> Expression {
      allowsConditional
        ? try parser.expression()
        : try parser.nested { (p) throws(JinjaError) in try p.disjunction() }
    }
    let first = try operand(&self)
    guard isSymbol(",") else { return first }
    var elements = [first]
    while skip(symbol: ",") {
      if endsTuple { break }
      elements.append(try operand(&self))
    }
    return .tuple(elements)
  }

  private var endsTuple: Bool {
    switch current.kind {
    case .endBlock, .endOutput, .symbol(")"): true
    default: false
    }
  }

  /// `a if b else c`, or what binds closer.
  mutating func expression() throws(JinjaError) -> Expression {
    try nested { (parser) throws(JinjaError) in
      var value = try parser.disjunction()
      while parser.skip(name: "if") {
        let condition = try parser.disjunction()
        let otherwise = parser.skip(name: "else") ? try parser.expression() : nil
        value = .conditional(value, condition: condition, otherwise: otherwise)
      }
      return value
    }
  }

  private mutating func disjunction() throws(JinjaError) -> Expression {
    let first = try conjunction()
    guard isName("or") else { return first }
    var operands = [first]
    while skip(name: "or") { operands.append(try conjunction()) }
    return .or(operands)
  }

  private mutating func conjunction() throws(JinjaError) -> Expression {
    let first = try negation()
    guard isName("and") else { return first }
    var operands = [first]
    while skip(name: "and") { operands.append(try negation()) }
    return .and(operands)
  }

  private mutating func negation() throws(JinjaError) -> Expression {
    var count = 0
    while isName("not") {
      advance()
      count += 1
    }
    let value = try comparison()
    // Two nots make a truth value of any value; three are as good as one.
    return count == 0 ? value : count % 2 == 1 ? .not(value) : .not(.not(value))
  }

  private mutating func comparison() throws(JinjaError) -> Expression {
    let first = try sum()
    var operands: [(Comparison, Expression)] = []
    while let comparison = nextComparison() { operands.append((comparison, try sum())) }
    return operands.isEmpty ? first : .comparison(first, operands)
  }

  /// Passes an operator of comparison.
  private mutating func nextComparison() -> Comparison? {
    if skip(name: "in") { return .contained }
    if isName("not"), following.kind == .name("in") {
      advance()
      advance()
      return .notContained
    }
    guard case .symbol(let symbol) = current.kind, let comparison = Comparison(rawValue: symbol)
    else { return nil }
    advance()
    return comparison
  }

  private mutating func nextArithmetic(_ level: [Arithmetic]) -> Arithmetic? {
    guard case .symbol(let symbol) = current.kind,
      let operation = level.first(where: { $0.rawValue == symbol })
    else { return nil }
    advance()
    return operation
  }

  private mutating func chain(
    _ level: [Arithmetic], _ operand: (inout Parser) throws(JinjaError) -> Expression
  ) throws(JinjaError) -> Expression {
    let first = try operand(&self)
    var operands: [(Arithmetic, Expression)] = []
    while let operation = nextArithmetic(level) { operands.append((operation, try operand(&self))) }
    return operands.isEmpty ? first : .arithmetic(first, operands)
  }

  private mutating func sum() throws(JinjaError) -> Expression {
    try chain([.add, .subtract]) { (parser) throws(JinjaError) in
      let first = try parser.product()
      guard parser.isSymbol("~") else { return first }
      var operands = [first]
      while parser.skip(symbol: "~") { operands.append(try parser.product()) }
      return .concatenation(operands)
    }
  }

  private mutating func product() throws(JinjaError) -> Expression {
    try chain([.multiply, .divide, .floorDivide, .remainder]) { (parser) throws(JinjaError) in
      // jinja2 takes powers from left to right, unlike Python.
      try parser.chain([.power]) { (parser) throws(JinjaError) in try parser.unary() }
    }
  }

  private mutating func unary(withFilters: Bool = true) throws(JinjaError) -> Expression {
    var value: Expression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      advance()
      let operand = try nested { (parser) throws(JinjaError) in
        try parser.unary(withFilters: false)
      }
      value = isNegative ? .negative(operand) : .positive(operand)
    } else {
      value = try primary()
    }
    value = try postfixed(value)
    return withFilters ? try filtered(value) : value
  }

  private mutating func primary() throws(JinjaError) -> Expression {
    switch current.kind {
    case .name(let name):
      advance()
      return switch name {
      case "true", "True": .constant(.bool(true))
      case "false", "False": .constant(.bool(false))
      case "none", "None": .constant(.none)
      default: .name(name)
      }
    case .string:
      var text = ""
      while case .string(let part) = current.kind {
        text += part
        advance()
      }
      return .constant(.string(text))
    case .integer(let value):
      advance()
      return .constant(.integer(value))
    case .real(let value):
      advance()
      return .constant(.real(value))
    case .symbol("("):
      advance()
      if skip(symbol: ")") { return .tuple([]) }
      let value = try tuple()
      try expect(.symbol(")"), ")")
      return value
    case .symbol("["):
      advance()
      var elements: [Expression] = []
      while !isSymbol("]") {
        if !elements.isEmpty {
          try expect(.symbol(","), ",")
          if isSymbol("]") { break }
        }
        elements.append(try expression())
      }
      advance()
      return .list(elements)
    case .symbol("{"):
      advance()
      var members: [(key: Expression, value: Expression)] = []
      while !isSymbol("}") {
        if !members.isEmpty {
          try expect(.symbol(","), ",")
          if isSymbol("}") { break }
        }
        let key = try expression()
        try expect(.symbol(":"), ":")
        members.append((key, try expression()))
      }
      advance()
      return .dictionary(members)
    default:
      throw unexpected("an expression")
    }
  }

  private mutating func postfixed(_ value: Expression) throws(JinjaError) -> Expression {
    var value = value
    // A long chain of attributes makes a deep tree.
    for count in 0... {
      guard count < Self.maximumDepth else {
        throw JinjaError(.limit, "more than \(count) attributes of one value", line: current.line)
      }
      if skip(symbol: ".") {
        if case .integer(let index) = current.kind {
          advance()
          value = .item(value, .constant(.integer(index)))
        } else {
          value = .attribute(value, try name("an attribute"))
        }
      } else if skip(symbol: "[") {
        value = try subscripted(value)
      } else if isSymbol("(") {
        value = .call(value, try arguments())
      } else {
        break
      }
    }
    return value
  }

  private mutating func subscripted(_ value: Expression) throws(JinjaError) -> Expression {
    var parts: [Expression?] = [nil]
    while !isSymbol("]") {
      if skip(symbol: ":") {
        parts.append(nil)
      } else if parts[parts.count - 1] == nil {
        parts[parts.count - 1] = try expression()
      } else {
        throw unexpected("]")
      }
    }
    advance()
    switch parts.count {
    case 1:
      guard let index = parts[0] else { throw unexpected("an index") }
      return .item(value, index)
    case 2, 3:
      return .slice(value, start: parts[0], stop: parts[1], step: parts.count == 3 ? parts[2] : nil)
    default: throw unexpected("at most two colons")
    }
  }

  private mutating func filtered(_ value: Expression) throws(JinjaError) -> Expression {
    var value = value
    for count in 0... {
      guard count < Self.maximumDepth else {
        throw JinjaError(.limit, "more than \(count) filters of one value", line: current.line)
      }
      if skip(symbol: "|") {
        let name = try name("a filter")
        value = .filter(value, name, isSymbol("(") ? try arguments() : Arguments())
      } else if skip(name: "is") {
        value = try tested(value)
      } else if isSymbol("(") {
        value = .call(value, try arguments())
      } else {
        break
      }
    }
    return value
  }

  private mutating func tested(_ value: Expression) throws(JinjaError) -> Expression {
    let isNegated = skip(name: "not")
    let name = try name("a test")
    var arguments = Arguments()
    if isSymbol("(") {
      arguments = try self.arguments()
    } else if beginsArgument {
      arguments.positional = [
        try nested { (parser) throws(JinjaError) in try parser.postfixed(try parser.primary()) }
      ]
    }
    return .test(value, name, arguments, isNegated: isNegated)
  }

  /// Whether an argument without brackets follows a test, as in `is divisibleby 2`.
  private var beginsArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and", "is"].contains(name)
    case .string, .integer, .real, .symbol("["), .symbol("{"): true
    default: false
    }
  }

  mutating func arguments() throws(JinjaError) -> Arguments {
    var arguments = Arguments()
    try expect(.symbol("("), "(")
    var isFirst = true
    while !isSymbol(")") {
      if !isFirst {
        try expect(.symbol(","), ",")
        if isSymbol(")") { break }
      }
      isFirst = false
      if isSymbol("*") || isSymbol("**") {
        throw JinjaError(.unsupported, "arguments taken from a list", line: current.line)
      }
      if case .name(let name) = current.kind, following.kind == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw unexpected("a named argument") }
        arguments.positional.append(try expression())
      }
    }
    advance()
    return arguments
  }
}

// From canonical tokens to the value of an answer: lists, sets, tuples, intervals, names.

/// Reads the value of an answer. Everything that is not understood becomes `.text`; only an
/// exhausted budget is an error.
struct AnswerParser {
  let tokens: [AnswerToken]
  /// The index of the closing bracket of each opening one.
  private let partners: [Int: Int]
  private(set) var budget: OperationBudget
  private var depth = 0

  /// The value of an answer, at the cost of a budget.
  static func value(
    of tokens: [AnswerToken], _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> AnswerValue {
    let tokens = joiningThousands(tokens)
    guard let partners = partners(in: tokens) else { return .text(tokens.canonicalText) }
    var parser = AnswerParser(tokens: tokens, partners: partners, budget: budget)
    let value = try parser.list(tokens.indices)
    budget = parser.budget
    return value
  }

  // MARK: - Structure

  /// Items between commas, semicolons, "and" or "or".
  private mutating func list(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    let parts = split(range) { token in
      token.isSymbol(",") || token.isSymbol(";") || token.isWord("and") || token.isWord("or")
    }
    guard parts.count > 1 else { return try item(parts.first ?? range) }
    // In n=2,3,4 the name applies to the whole list.
    if let (name, rest) = assignment(parts[0]),
      parts.dropFirst().allSatisfy({ assignment($0) == nil })
    {
      return .assigned(name, .list(try items([rest] + parts.dropFirst())))
    }
    let values = try items(parts)
    var names: Set<String> = []
    var bare: [AnswerValue] = []
    for case .assigned(let name, let value) in values {
      names.insert(name)
      bare.append(value)
    }
    if let name = names.first, names.count == 1, bare.count == values.count {
      return .assigned(name, .list(bare))
    }
    return .list(values)
  }

  private mutating func items(_ parts: [Range<Int>]) throws(ArithmeticFault) -> [AnswerValue] {
    var values: [AnswerValue] = []
    for part in parts { values.append(try item(part)) }
    return values
  }

  private mutating func item(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    try descend()
    defer { depth -= 1 }
    guard let first = range.first else { return .text("") }
    if let (name, rest) = assignment(range) { return .assigned(name, try item(rest)) }
    if let close = partners[first], close == range.upperBound - 1 {
      return try bracketed(range)
    }
    let parts = split(range) { $0.isCommand("cup") }
    if parts.count > 1 { return .union(try items(parts)) }
    if let infinity = infinity(range) { return infinity }
    if range.count == 1, tokens[first].isCommand("emptyset") { return .list([]) }
    do {
      return try quantity(range)
    } catch .notNumeric {
      return .text(tokens[range].canonicalText)
    }
  }

  /// A range that is one pair of brackets with all between them.
  private mutating func bracketed(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    let inner = range.dropFirst().dropLast()
    let (open, close) = (tokens[range.lowerBound].text, tokens[range.upperBound - 1].text)
    let parts = split(inner) { $0.isSymbol(",") }
    if open == "{" { return .list(try items(parts)) }
    // Parentheses around a single value change nothing.
    if parts.count == 1, open == "(", close == ")" { return try item(parts[0]) }
    return .tuple(brackets: open + close, try items(parts))
  }

  /// `x=…` or `x\in…` with one letter, or f(x)=…; the rest has no second sign of that kind.
  private func assignment(_ range: Range<Int>) -> (name: String, rest: Range<Int>)? {
    func isSign(_ token: AnswerToken) -> Bool { token.isSymbol("=") || token.isCommand("in") }
    func isLetter(_ token: AnswerToken) -> Bool {
      token.kind == .word && token.text.utf8.count == 1 || Self.greek.contains(token.text)
    }
    let head = tokens[range].prefix(5)
    guard let sign = head.firstIndex(where: isSign), sign + 1 < range.upperBound,
      !tokens[(sign + 1)..<range.upperBound].contains(where: isSign)
    else { return nil }
    let name = tokens[range.lowerBound..<sign]
    let isFunction =
      name.count == 4 && isLetter(name[name.startIndex]) && name[name.startIndex + 1].isSymbol("(")
      && isLetter(name[name.startIndex + 2]) && name[name.startIndex + 3].isSymbol(")")
    guard name.count == 1 && name.allSatisfy(isLetter) || isFunction else { return nil }
    return (name.canonicalText, (sign + 1)..<range.upperBound)
  }

  private func infinity(_ range: Range<Int>) -> AnswerValue? {
    guard tokens[range.upperBound - 1].isCommand("infty") else { return nil }
    if range.count == 1 { return .infinity(isNegative: false) }
    guard range.count == 2 else { return nil }
    if tokens[range.lowerBound].isSymbol("-") { return .infinity(isNegative: true) }
    return tokens[range.lowerBound].isSymbol("+") ? .infinity(isNegative: false) : nil
  }

  // MARK: - Tokens

  /// The parts of a range between separators outside of brackets; empty parts are left out.
  private func split(
    _ range: Range<Int>, where isSeparator: (AnswerToken) -> Bool
  ) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = range.lowerBound
    var index = start
    while index < range.upperBound {
      if let partner = partners[index] {
        index = partner
      } else if isSeparator(tokens[index]) {
        if start < index { parts.append(start..<index) }
        start = index + 1
      }
      index += 1
    }
    if start < range.upperBound { parts.append(start..<range.upperBound) }
    return parts
  }

  /// The index after the closing bracket of a bracket; nil if there is none.
  func partner(of index: Int) -> Int? { partners[index] }

  mutating func spend(_ operations: Int = 1) throws(ArithmeticFault) {
    try budget.spend(operations)
  }

  /// Passes the budget to arithmetic.
  mutating func compute<Value>(
    _ body: (inout OperationBudget) throws(ArithmeticFault) -> Value
  ) throws(ArithmeticFault) -> Value {
    try body(&budget)
  }

  /// Increases the depth; the caller decreases it again.
  mutating func descend() throws(ArithmeticFault) {
    depth += 1
    try budget.spend()
    if depth > CanonicalAnswer.maximumDepth { throw .overBudget("brackets nested too deep") }
  }

  mutating func ascend() { depth -= 1 }

  /// The partners of brackets, where `(` and `[` may each close with `)` or `]`, as in half-open
  /// intervals; nil if they do not match.
  private static func partners(in tokens: [AnswerToken]) -> [Int: Int]? {
    var partners: [Int: Int] = [:]
    var open: [(index: Int, kind: Int)] = []
    for (index, token) in tokens.enumerated() {
      guard let (kind, isOpening) = bracket(token) else { continue }
      if isOpening {
        open.append((index, kind))
      } else {
        guard let last = open.popLast(), last.kind == kind else { return nil }
        partners[last.index] = index
      }
    }
    return open.isEmpty ? partners : nil
  }

  private static func bracket(_ token: AnswerToken) -> (kind: Int, isOpening: Bool)? {
    switch (token.kind, token.text) {
    case (.symbol, "("), (.symbol, "["): (0, true)
    case (.symbol, ")"), (.symbol, "]"): (0, false)
    case (.symbol, "{"): (1, true)
    case (.symbol, "}"): (1, false)
    case (.command, "{"): (2, true)
    case (.command, "}"): (2, false)
    default: nil
    }
  }

  /// Joins `12,441,600` outside of brackets: one to three digits and then groups of three, without
  /// spaces. A run such as `1,123,5` stays a list.
  private static func joiningThousands(_ tokens: [AnswerToken]) -> [AnswerToken] {
    var joined: [AnswerToken] = []
    var depth = 0
    var index = 0
    while index < tokens.count {
      var token = tokens[index]
      index += 1
      if let (_, isOpening) = bracket(token) { depth += isOpening ? 1 : -1 }
      if depth == 0, token.kind == .number {
        var text = token.text
        var isThousands = 1...3 ~= text.utf8.count && !text.contains(".") && text.first != "0"
        var end = index
        while end + 1 < tokens.count, tokens[end].isSymbol(","), !tokens[end].hasSpace,
          tokens[end + 1].kind == .number, !tokens[end + 1].hasSpace
        {
          let group = tokens[end + 1].text.split(separator: ".", maxSplits: 1)
          isThousands = isThousands && !text.contains(".") && group[0].utf8.count == 3
          text += tokens[end + 1].text
          end += 2
        }
        if end > index {
          if isThousands {
            token = AnswerToken(kind: .number, text: text, hasSpace: token.hasSpace)
          } else {
            joined += tokens[(index - 1)..<(end - 1)]
            token = tokens[end - 1]
          }
          index = end
        }
      }
      joined.append(token)
    }
    return joined
  }

  private static let greek: Set<String> = [
    "alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "rho", "sigma", "tau",
    "phi", "varphi", "omega",
  ]

  private init(tokens: [AnswerToken], partners: [Int: Int], budget: OperationBudget) {
    self.tokens = tokens
    self.partners = partners
    self.budget = budget
  }
}

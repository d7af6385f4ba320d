// From canonical tokens to the value of an answer: lists, sets, tuples, intervals, names.

/// Reads the value of an answer. Everything that is not understood becomes `.text`; only an
/// exhausted budget is an error.
struct AnswerParser {
  let tokens: [AnswerToken]
  /// The index of the closing bracket of each opening one.
  private let partners: [Int: Int]
  /// The index of the opening bracket of each closing one.
  private let openers: [Int: Int]
  /// 1 or -1: the sign that ± has now.
  var plusMinusSign = 1
  /// Whether the parts of an equation are read, in which 10-3 is a calculation.
  var isInEquation = false
  private(set) var budget: OperationBudget
  private var depth = 0

  /// The value of an answer, at the cost of a budget.
  static func value(
    of tokens: [AnswerToken], _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> AnswerValue {
    let tokens = pairingBars(joiningThousands(tokens))
    guard let partners = partners(in: tokens) else { return .text(tokens.canonicalText) }
    var parser = AnswerParser(tokens: tokens, partners: partners, budget: budget)
    let value = try parser.list(tokens.indices)
    budget = parser.budget
    return value
  }

  // MARK: - Structure

  /// Items between commas, semicolons, "and" or "or".
  private mutating func list(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    func isSeparator(_ token: AnswerToken) -> Bool {
      token.isSymbol(",") || token.isSymbol(";") || token.isWord("and") || token.isWord("or")
    }
    let parts = split(range, where: isSeparator)
    guard parts.count > 1 else { return try item(parts.first ?? range) }
    let words = tokens[range].filter { $0.kind == .word && isSeparator($0) }.map(\.text)
    if let combined = try inequalities(parts, joinedBy: words.first) { return combined }
    // In n=2,3,4 the name applies to the whole list.
    if let (name, rest) = assignment(parts[0]),
      parts.dropFirst().allSatisfy({ assignment($0) == nil })
    {
      return .assigned(name, .list(try flatItems([rest] + parts.dropFirst())))
    }
    let values = try flatItems(parts)
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

  /// The items of a list, in which ±a are two.
  private mutating func flatItems(_ parts: [Range<Int>]) throws(ArithmeticFault) -> [AnswerValue] {
    var values: [AnswerValue] = []
    for part in parts {
      let value = try item(part)
      if case .list(let both) = value, plusMinus(in: part) != nil {
        values += both
      } else {
        values.append(value)
      }
    }
    return values
  }

  mutating func item(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    try descend()
    defer { depth -= 1 }
    guard let first = range.first else { return .text("") }
    if let interval = try inequality(range) { return interval }
    if let equation = try equation(range) { return equation }
    if let close = partners[first], close == range.upperBound - 1, Self.isList(tokens[first]) {
      return try bracketed(range)
    }
    if let matrix = try matrix(range) { return matrix }
    let parts = split(range) { $0.isCommand("cup") }
    if parts.count > 1 { return .union(try items(parts)) }
    if let infinity = infinity(range) { return infinity }
    if range.count == 1, tokens[first].isCommand("emptyset") { return .list([]) }
    // A word or letter alone is a text, since it may be the letter of a choice.
    if range.count == 1, tokens[first].kind == .word, !tokens[first].isWord("i"),
      !isProduct(tokens[first])
    {
      return .text(tokens[range].comparableText)
    }
    do {
      return try quantity(range)
    } catch .notNumeric {
      return .text(tokens[range].comparableText)
    }
  }

  private static func isList(_ token: AnswerToken) -> Bool {
    token.isSymbol("(") || token.isSymbol("[") || token.isCommand("{") || token.isCommand("langle")
  }

  /// A range that is one pair of brackets with all between them.
  private mutating func bracketed(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    let inner = range.dropFirst().dropLast()
    let (open, close) = (tokens[range.lowerBound].text, tokens[range.upperBound - 1].text)
    let parts = split(inner) { $0.isSymbol(",") }
    if open == "{" {
      if let condition = try setBuilder(inner) { return condition }
      return .list(try flatItems(parts))
    }
    // Parentheses around a single value change nothing.
    if parts.count == 1, open == "(", close == ")" { return try item(parts[0]) }
    return .tuple(brackets: open + close, try items(parts))
  }

  /// `x | x>3` or `x : x>3` in the braces of a set.
  private mutating func setBuilder(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue? {
    let parts = split(range) { $0.isSymbol("|") || $0.isSymbol(":") || $0.isCommand("mid") }
    guard parts.count == 2, let variable = name(parts[0]),
      case .assigned(variable, let value) = try inequality(parts[1])
    else { return nil }
    return value
  }

  /// `\begin{pmatrix}…\end{pmatrix}`: rows of values.
  private mutating func matrix(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue? {
    guard range.count > 8, tokens[range.lowerBound].isCommand("begin"),
      tokens[range.upperBound - 4].isCommand("end")
    else { return nil }
    let kind = tokens[range.lowerBound + 2].text
    guard kind == "pmatrix" || kind == "bmatrix",
      tokens[range.upperBound - 2].text == kind
    else { return nil }
    let inner = range.dropFirst(4).dropLast(4)
    guard !tokens[inner].contains(where: { $0.isCommand("begin") }) else { return nil }
    var rows: [AnswerValue] = []
    for row in split(inner, where: { $0.isSymbol("\\") }) {
      rows.append(.tuple(brackets: "row", try items(split(row) { $0.isSymbol("&") })))
    }
    return .tuple(brackets: "matrix", rows)
  }

  func infinity(_ range: Range<Int>) -> AnswerValue? {
    guard let last = range.last, tokens[last].isCommand("infty") else { return nil }
    if range.count == 1 { return .infinity(isNegative: false) }
    guard range.count == 2 else { return nil }
    if tokens[range.lowerBound].isSymbol("-") { return .infinity(isNegative: true) }
    return tokens[range.lowerBound].isSymbol("+") ? .infinity(isNegative: false) : nil
  }

  // MARK: - Tokens

  /// The parts of a range between separators outside of brackets; empty parts are left out.
  func split(
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

  func opener(of index: Int) -> Int? { openers[index] }

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

  private init(tokens: [AnswerToken], partners: [Int: Int], budget: OperationBudget) {
    self.tokens = tokens
    self.partners = partners
    openers = Dictionary(uniqueKeysWithValues: partners.map { ($1, $0) })
    self.budget = budget
  }
}

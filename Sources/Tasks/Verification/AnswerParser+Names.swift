// Names and relations: x = 5, AB = 5, S_{10} = 55, x ≈ 5, 2 + 3 = 5.

extension AnswerParser {
  /// A name with its value, or equal numbers; nil if the range has no relation on its top level.
  /// A relation that is neither is text, since an equation is no number.
  mutating func equation(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue? {
    guard tokens[range].contains(where: Self.isRelation) else { return nil }
    let parts = split(range, where: Self.isRelation)
    guard let first = parts.first else { return nil }
    if first.lowerBound > range.lowerBound {
      // ≈ 5, without a name.
      return parts.count == 1 ? try item(first) : nil
    }
    if let (name, rest) = assignment(range) {
      return .assigned(name, try equal(split(rest, where: Self.isRelation), text: rest))
    }
    guard parts.count > 1 else { return nil }
    // 5 = x.
    if parts.count == 2, tokens[parts[1].lowerBound - 1].isSymbol("="), let name = name(parts[1]) {
      return .assigned(name, try item(parts[0]))
    }
    return try equal(parts, text: range)
  }

  /// The value of a = b = c ≈ d. All but approximations must be equal; otherwise it is text.
  private mutating func equal(
    _ parts: [Range<Int>], text: Range<Int>
  ) throws(ArithmeticFault) -> AnswerValue {
    guard let first = parts.first else { return .text("") }
    let wasInEquation = isInEquation
    isInEquation = parts.count > 1
    defer { isInEquation = wasInEquation }
    let value = try item(first)
    if parts.count == 1 { return value }
    let whole = AnswerValue.text(tokens[text].comparableText)
    guard case .number(let number, _) = value else { return whole }
    for part in parts.dropFirst() where !isApproximate(tokens[part.lowerBound - 1]) {
      guard case .number(let other, _) = try item(part),
        try compute({ (budget) throws(ArithmeticFault) in try number.equals(other, &budget) })
      else { return whole }
    }
    return value
  }

  /// `name = …`, `name ≈ …` or `name \in …`.
  func assignment(_ range: Range<Int>) -> (name: String, rest: Range<Int>)? {
    var index = range.lowerBound
    while index < range.upperBound, !Self.isRelation(tokens[index]) {
      index = (partner(of: index) ?? index) + 1
    }
    guard index + 1 < range.upperBound, let name = name(range.lowerBound..<index) else {
      return nil
    }
    return (name, (index + 1)..<range.upperBound)
  }

  private static func isRelation(_ token: AnswerToken) -> Bool {
    token.isSymbol("=") || token.isCommand("in") || token.isCommand("approx")
      || token.isCommand("cong")
  }

  private func isApproximate(_ token: AnswerToken) -> Bool { token.isCommand("approx") }

  // MARK: - Names

  /// The name that a range is: a letter, letters of points such as AB, words, or `\angle ABC`, each
  /// with subscripts and primes, then possibly arguments in parentheses; or a tuple of letters.
  func name(_ range: Range<Int>) -> String? {
    guard !range.isEmpty else { return nil }
    if isTupleOfLetters(range) { return tokens[range].canonicalText }
    var letters = 0
    var isFigure = false
    var hasArguments = false
    var index = range.lowerBound
    while index < range.upperBound {
      let token = tokens[index]
      if hasArguments { return nil }
      if token.kind == .word {
        guard Self.isNameWord(token) else { return nil }
        if !token.isProse { letters += 1 }
      } else if token.isCommand("leftbar"), let close = partner(of: index),
        isLine((index + 1)..<close)
      {
        letters += 1
        index = close
      } else if token.kind == .command {
        if Self.figures.contains(token.text) {
          isFigure = true
        } else if Self.marks.contains(token.text), let close = partner(of: index + 1) {
          letters += 1
          isFigure = true
          index = close
        } else if Self.greek.contains(token.text.lowercased()) {
          letters += 1
        } else {
          return nil
        }
      } else if token.isSymbol("_") || token.isSymbol("^") && isPrime(index),
        index > range.lowerBound,
        let close = partner(of: index + 1)
      {
        index = close
      } else if token.isSymbol("("), index > range.lowerBound, let close = partner(of: index) {
        // x (mod 7) is no name.
        guard !tokens[index..<close].contains(where: { $0.isWord("mod") || $0.isCommand("bmod") })
        else { return nil }
        hasArguments = true
        index = close
      } else if !token.isSymbol("'") {
        return nil
      }
      index += 1
    }
    let hasWords = tokens[range].contains { $0.kind == .word && $0.isProse }
    guard letters <= 1 || isFigure && letters <= 3, letters > 0 || hasWords else { return nil }
    return tokens[range].canonicalText
  }

  /// A single letter, letters of points, or a word. `xy` is a product.
  private static func isNameWord(_ token: AnswerToken) -> Bool {
    let length = token.text.utf8.count
    if AnswerUnit.isUnclear(token.text) || Self.functions.contains(token.text.lowercased()) {
      return false
    }
    return length == 1 || length >= 3 || token.isProse
      || token.text.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
  }

  /// Whether |…| is a length, as that of AB or of a vector, and no absolute value.
  private func isLine(_ range: Range<Int>) -> Bool {
    guard name(range) != nil, let first = range.first else { return false }
    return tokens[first].kind == .command || tokens[first].text.utf8.count > 1
      || tokens[first].text < "a"
  }

  private func isPrime(_ index: Int) -> Bool {
    index + 2 < tokens.count && tokens[index + 2].isCommand("prime")
  }

  private func isTupleOfLetters(_ range: Range<Int>) -> Bool {
    guard tokens[range.lowerBound].isSymbol("("),
      partner(of: range.lowerBound) == range.upperBound - 1
    else { return false }
    let parts = split(range.dropFirst().dropLast()) { $0.isSymbol(",") }
    return parts.count > 1
      && parts.allSatisfy { part in
        let token = tokens[part.lowerBound]
        return part.count == 1
          && (token.kind == .word && token.text.utf8.count == 1
            || Self.greek.contains(token.text))
      }
  }

  /// An equation of one of these is no assignment: log(x) = 5 is not x = 5.
  private static let functions: Set<String> = [
    "log", "ln", "lg", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos",
    "arctan",
    "sinh", "cosh", "tanh", "sqrt", "abs", "mod",
  ]

  private static let figures: Set<String> = ["angle", "triangle", "measuredangle"]

  private static let marks: Set<String> = [
    "overline", "bar", "vec", "hat", "widehat", "tilde", "overrightarrow", "mathbb", "mathcal",
  ]

  static let greek: Set<String> = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu",
    "nu", "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega",
  ]
}

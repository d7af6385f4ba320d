// The arithmetic that answers may contain: + - * / ^ ! \frac \sqrt \pi i, followed by units.

extension AnswerParser {
  /// A number with its unit, or a ± b.
  mutating func quantity(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    var range = range
    var unit: AnswerUnit?
    var factor: Int128 = 1
    // Money has its unit before the number, possibly after a sign.
    var isNegative = false
    if let sign = range.first, tokens[sign].isSymbol("-"), sign + 1 < range.upperBound,
      tokens[sign + 1].isCommand(AnswerToken.currency)
    {
      isNegative = true
      range.removeFirst()
    }
    if let first = range.first, tokens[first].isCommand(AnswerToken.currency) {
      unit = .known("dollar")
      range.removeFirst()
    }
    // At most a unit and a factor before it: 3 million dollars.
    for _ in 0..<2 {
      let start = unitStart(range)
      guard start < range.upperBound else { break }
      switch AnswerUnit.read(unitWords(start..<range.upperBound)) {
      case .unit(let found):
        guard unit == nil || unit == found else { throw .notNumeric }
        unit = found
      case .ignored: break
      case .factor(let value): factor = value
      case .unclear:
        // The last word may be a unit and the one before a factor.
        guard unit == nil, case .unit(let found) = AnswerUnit.read(unitWords(range.suffix(1)))
        else {
          throw .notNumeric
        }
        unit = found
        range.removeLast()
        continue
      }
      range = range.lowerBound..<start
    }
    let scale = ExactNumber(Rational(isNegative ? -factor : factor))
    if let sign = range.dropFirst().first(where: { tokens[$0].isCommand("pm") }) ?? range.first,
      tokens[sign].isCommand("pm")
    {
      guard unit == nil, factor == 1, !isNegative else { throw .notNumeric }
      let center =
        sign == range.lowerBound
        ? ExactNumber(Rational(0)) : try number(range.lowerBound..<sign)
      return .plusMinus(center, try number((sign + 1)..<range.upperBound))
    }
    let value = try number(range)
    return .number(
      try compute { (budget) throws(ArithmeticFault) in try value.multiplied(by: scale, &budget) },
      unit)
  }

  /// The start of the words after a number.
  private func unitStart(_ range: Range<Int>) -> Int {
    var start = range.upperBound
    while start > range.lowerBound + 1 {
      let token = tokens[start - 1]
      if token.isSymbol("}"), start >= range.lowerBound + 5, tokens[start - 4].isSymbol("^"),
        tokens[start - 2].text == "2" || tokens[start - 2].text == "3",
        isUnitWord(tokens[start - 5])
      {
        start -= 5
      } else if isUnitWord(token) || token.isSymbol("%") || token.isSymbol("°") {
        start -= 1
      } else if token.isSymbol("."), isUnitWord(tokens[start - 2]) {
        start -= 1
      } else {
        break
      }
    }
    return start
  }

  private func isUnitWord(_ token: AnswerToken) -> Bool {
    // A letter or a short product of variables outside of prose is not a unit.
    token.kind == .word && token.text != "i"
      && (token.isProse || token.hasSpace && AnswerUnit.isKnown(token.text))
  }

  private func unitWords(_ range: Range<Int>) -> [String] {
    var words: [String] = []
    for token in tokens[range] where !token.isSymbol(".") {
      let isAttached =
        token.isSymbol("^") || token.isSymbol("{") || token.isSymbol("}") || token.kind == .number
        || words.last == "°"
      if isAttached, !words.isEmpty {
        if !token.isSymbol("{"), !token.isSymbol("}") { words[words.count - 1] += token.text }
      } else {
        words.append(token.text)
      }
    }
    return words
  }

  // MARK: - Arithmetic

  /// The value of a whole range.
  private mutating func number(_ range: Range<Int>) throws(ArithmeticFault) -> ExactNumber {
    try descend()
    defer { ascend() }
    guard !range.isEmpty else { throw .notNumeric }
    if let grouped = try digitGroups(range) { return grouped }
    var sum = ExactNumber(Rational(0))
    var start = range.lowerBound
    while start < range.upperBound {
      var isNegative = false
      if tokens[start].isSymbol("+") || tokens[start].isSymbol("-") {
        isNegative = tokens[start].isSymbol("-")
        start += 1
      }
      let end = termEnd(start..<range.upperBound)
      let term = try product(start..<end)
      let signed = isNegative ? try term.negative : term
      sum = try compute { (budget) throws(ArithmeticFault) in try sum.adding(signed, &budget) }
      start = end
    }
    return sum
  }

  /// `10 000`: one to three digits, then groups of three, with spaces between.
  private func digitGroups(_ range: Range<Int>) throws(ArithmeticFault) -> ExactNumber? {
    let groups = tokens[range]
    guard groups.count > 1, groups.allSatisfy({ $0.kind == .number }),
      groups.dropFirst().allSatisfy({ $0.hasSpace && $0.text.utf8.count == 3 }),
      groups.allSatisfy({ !$0.text.contains(".") && $0.text.utf8.count <= 3 })
    else { return nil }
    return ExactNumber(try Rational(decimal: groups.map(\.text).joined()))
  }

  /// The end of the term that a range begins with: its first plus or minus outside of brackets that
  /// follows something.
  private func termEnd(_ range: Range<Int>) -> Int {
    var index = range.lowerBound
    while index < range.upperBound {
      if let close = partner(of: index) {
        index = close
      } else if index > range.lowerBound,
        tokens[index].isSymbol("+") || tokens[index].isSymbol("-"),
        !tokens[index - 1].isSymbol("*"), !tokens[index - 1].isSymbol("/")
      {
        return index
      }
      index += 1
    }
    return range.upperBound
  }

  private mutating func product(_ range: Range<Int>) throws(ArithmeticFault) -> ExactNumber {
    if let mixed = try mixedNumber(range) { return mixed }
    var index = range.lowerBound
    var product = try factor(&index, range.upperBound)
    var hasDivided = false
    while index < range.upperBound {
      let token = tokens[index]
      var factor: ExactNumber
      if token.isSymbol("*") || token.isSymbol("/") {
        index += 1
        factor = try self.factor(&index, range.upperBound)
        if token.isSymbol("/") {
          factor = try factor.inverse()
          hasDivided = true
        }
      } else {
        // 1/2π is ambiguous, and 2 3 and √2 3 have no meaning.
        guard !hasDivided, token.kind != .number else { throw .notNumeric }
        // 2\frac{5}{3} is ambiguous, too, since it resembles a mixed number.
        if token.isCommand("frac"), tokens[index - 1].kind == .number, isPlainFraction(at: index) {
          throw .notNumeric
        }
        factor = try self.factor(&index, range.upperBound)
      }
      product = try compute { (budget) throws(ArithmeticFault) in
        try product.multiplied(by: factor, &budget)
      }
    }
    return product
  }

  /// `3\frac12` or `3 1/2`, a natural number and a proper fraction.
  private func mixedNumber(_ range: Range<Int>) throws(ArithmeticFault) -> ExactNumber? {
    guard let first = range.first, tokens[first].kind == .number else { return nil }
    let (upper, lower): (Int, Int)
    if range.count == 8, tokens[first + 1].isCommand("frac"), isPlainFraction(at: first + 1) {
      (upper, lower) = (first + 3, first + 6)
    } else if range.count == 4, tokens[first + 1].kind == .number, tokens[first + 1].hasSpace,
      tokens[first + 2].isSymbol("/"), tokens[first + 3].kind == .number
    {
      (upper, lower) = (first + 1, first + 3)
    } else {
      return nil
    }
    let whole = try Rational(decimal: tokens[first].text)
    let numerator = try Rational(decimal: tokens[upper].text)
    let denominator = try Rational(decimal: tokens[lower].text)
    guard whole.integer != nil, let n = numerator.integer, let d = denominator.integer, n < d else {
      throw .notNumeric
    }
    return ExactNumber(try whole + Rational(n, over: d))
  }

  /// Whether a `\frac` is one of two numbers.
  private func isPlainFraction(at index: Int) -> Bool {
    guard index + 6 < tokens.count else { return false }
    return partner(of: index + 1) == index + 3 && partner(of: index + 4) == index + 6
      && tokens[index + 2].kind == .number && tokens[index + 5].kind == .number
  }

  /// A number with its powers and factorials.
  private mutating func factor(
    _ index: inout Int, _ end: Int
  ) throws(ArithmeticFault) -> ExactNumber {
    guard index < end else { throw .notNumeric }
    try spend()
    if tokens[index].isSymbol("-") {
      // Only after * and /, as in 3*-2.
      index += 1
      guard index < end, !tokens[index].isSymbol("-") else { throw .notNumeric }
      return try factor(&index, end).negative
    }
    var value = try primary(&index, end)
    if index < end, tokens[index].isSymbol("!") {
      index += 1
      // n!! is another function.
      guard index == end || !tokens[index].isSymbol("!") else { throw .notNumeric }
      let base = value
      value = try compute { (budget) throws(ArithmeticFault) in try base.factorial(&budget) }
    }
    var exponents: [ExactNumber] = []
    while index < end, tokens[index].isSymbol("^") {
      index += 1
      exponents.append(try group(&index, end))
    }
    guard var exponent = exponents.popLast() else { return value }
    // A tower of powers is evaluated from its top.
    while let below = exponents.popLast() {
      let top = exponent
      exponent = try compute { (budget) throws(ArithmeticFault) in try below.power(top, &budget) }
    }
    let top = exponent
    let base = value
    return try compute { (budget) throws(ArithmeticFault) in try base.power(top, &budget) }
  }

  private mutating func primary(
    _ index: inout Int, _ end: Int
  ) throws(ArithmeticFault) -> ExactNumber {
    let token = tokens[index]
    let place = index
    index += 1
    switch (token.kind, token.text) {
    case (.number, _): return ExactNumber(try Rational(decimal: token.text))
    case (.command, "pi"): return .pi
    case (.word, "i"): return .imaginaryUnit
    case (.symbol, "("):
      guard let close = partner(of: place), close < end, tokens[close].isSymbol(")") else {
        throw .notNumeric
      }
      index = close + 1
      return try number((place + 1)..<close)
    case (.command, "frac"):
      let numerator = try group(&index, end)
      let denominator = try group(&index, end).inverse()
      return try compute { (budget) throws(ArithmeticFault) in
        try numerator.multiplied(by: denominator, &budget)
      }
    case (.command, "sqrt"):
      let radicand = try group(&index, end)
      return try compute { (budget) throws(ArithmeticFault) in try radicand.squareRoot(&budget) }
    default: throw .notNumeric
    }
  }

  /// The next argument in braces.
  private mutating func group(
    _ index: inout Int, _ end: Int
  ) throws(ArithmeticFault) -> ExactNumber {
    guard index < end, tokens[index].isSymbol("{"), let close = partner(of: index), close < end
    else { throw .notNumeric }
    defer { index = close + 1 }
    return try number((index + 1)..<close)
  }
}

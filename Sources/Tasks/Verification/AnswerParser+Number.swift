// The arithmetic that answers may contain: + - * / ^ ! | | and \frac \sqrt \binom \log \pi i.

extension AnswerParser {
  /// The value of a whole range.
  mutating func number(_ range: Range<Int>) throws(ArithmeticFault) -> ExactNumber {
    try descend()
    defer { ascend() }
    guard !range.isEmpty else { throw .notNumeric }
    if let grouped = try digitGroups(range) { return grouped }
    var sum = ExactNumber(Rational(0))
    var start = range.lowerBound
    while start < range.upperBound {
      var isNegative = false
      if let sign = sign(tokens[start]) {
        isNegative = sign < 0
        start += 1
      }
      let end = termEnd(start..<range.upperBound)
      let term = try product(start..<end)
      let left = sum
      sum = try compute { (budget) throws(ArithmeticFault) in
        try left.adding(isNegative ? term.negative(&budget) : term, &budget)
      }
      start = end
    }
    return sum
  }

  /// 1 or -1 for a sign.
  private func sign(_ token: AnswerToken) -> Int? {
    switch (token.kind, token.text) {
    case (.symbol, "+"): 1
    case (.symbol, "-"): -1
    case (.command, "pm"): plusMinusSign
    case (.command, "mp"): -plusMinusSign
    default: nil
    }
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
      } else if index > range.lowerBound, sign(tokens[index]) != nil,
        !tokens[index - 1].isSymbol("*"),
        !tokens[index - 1].isSymbol("/")
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
          let divisor = factor
          factor = try compute { (budget) throws(ArithmeticFault) in try divisor.inverse(&budget) }
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
      let (left, right) = (product, factor)
      product = try compute { (budget) throws(ArithmeticFault) in
        try left.multiplied(by: right, &budget)
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
      let value = try factor(&index, end)
      return try compute { (budget) throws(ArithmeticFault) in try value.negative(&budget) }
    }
    // In 2ab² the power belongs to b.
    let prefix = try variables(&index, end)
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
    guard var exponent = exponents.popLast() else { return try times(prefix, value) }
    // A tower of powers is evaluated from its top.
    while let below = exponents.popLast() {
      let top = exponent
      exponent = try compute { (budget) throws(ArithmeticFault) in try below.power(top, &budget) }
    }
    let top = exponent
    let base = value
    return try times(
      prefix, compute { (budget) throws(ArithmeticFault) in try base.power(top, &budget) })
  }

  private mutating func times(
    _ prefix: ExactNumber?, _ value: ExactNumber
  ) throws(ArithmeticFault) -> ExactNumber {
    guard let prefix else { return value }
    return try compute { (budget) throws(ArithmeticFault) in
      try prefix.multiplied(by: value, &budget)
    }
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
    case _ where isVariable(place):
      let name = String(token.text.suffix(token.kind == .word ? 1 : token.text.utf8.count))
      return name == "i" ? .imaginaryUnit : .symbol(name)
    case (.symbol, "("):
      guard let close = partner(of: place), close < end, tokens[close].isSymbol(")") else {
        throw .notNumeric
      }
      index = close + 1
      return try number((place + 1)..<close)
    case (.command, "leftbar"), (.command, "lfloor"), (.command, "lceil"):
      guard let close = partner(of: place), close < end else { throw .notNumeric }
      index = close + 1
      let value = try number((place + 1)..<close)
      return try compute { (budget) throws(ArithmeticFault) in
        token.text == "leftbar"
          ? try value.absolute(&budget) : try value.rounded(up: token.text == "lceil", &budget)
      }
    case (.command, "frac"):
      let (a, b) = (try group(&index, end), try group(&index, end))
      return try compute { (budget) throws(ArithmeticFault) in
        try a.multiplied(by: b.inverse(&budget), &budget)
      }
    case (.command, "binom"):
      let (n, k) = (try group(&index, end), try group(&index, end))
      return try compute { (budget) throws(ArithmeticFault) in
        try ExactNumber.binomial(n, k, &budget)
      }
    case (.command, "sqrt"): return try root(&index, end)
    case (.command, "log"): return try logarithm(&index, end)
    default: throw .notNumeric
    }
  }

  /// `\sqrt{a}` or `\sqrt[n]{a}` behind the command.
  private mutating func root(_ index: inout Int, _ end: Int) throws(ArithmeticFault) -> ExactNumber
  {
    var degree = 2
    if index < end, tokens[index].isSymbol("["), let close = partner(of: index), close < end {
      guard let n = try number((index + 1)..<close).rational?.integer, 2...64 ~= n else {
        throw .notNumeric
      }
      degree = Int(n)
      index = close + 1
    }
    let radicand = try group(&index, end)
    return try compute { (budget) throws(ArithmeticFault) in try radicand.root(degree, &budget) }
  }

  /// `\log_b a` behind the command, with a base: without one it has several meanings.
  private mutating func logarithm(
    _ index: inout Int, _ end: Int
  ) throws(ArithmeticFault) -> ExactNumber {
    guard index < end, tokens[index].isSymbol("_") else { throw .notNumeric }
    index += 1
    let base = try group(&index, end)
    let value = try factor(&index, end)
    return try compute { (budget) throws(ArithmeticFault) in
      try value.logarithm(base: base, &budget)
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

// A number with its unit: 5 m/s, $5 per hour, 3 million dollars, 5 tenths, a ± b.

extension AnswerParser {
  /// The number that a range is; two numbers in any order if there is a ±.
  mutating func quantity(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    guard let sign = plusMinus(in: range) else { return try signedQuantity(range) }
    guard plusMinus(in: (sign + 1)..<range.upperBound) == nil else { throw .notNumeric }
    defer { plusMinusSign = 1 }
    plusMinusSign = 1
    let upper = try signedQuantity(range)
    plusMinusSign = -1
    let lower = try signedQuantity(range)
    if case .number(let a, _) = upper, case .number(let b, _) = lower,
      try compute({ (budget) throws(ArithmeticFault) in try a.equals(b, &budget) })
    {
      return upper
    }
    return .list([upper, lower])
  }

  /// The first ± or ∓ of a range.
  func plusMinus(in range: Range<Int>) -> Int? {
    range.first { tokens[$0].isCommand("pm") || tokens[$0].isCommand("mp") }
  }

  private mutating func signedQuantity(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue {
    var range = range
    var unit: AnswerUnit?
    // Money has its unit before the number, possibly after a sign.
    var isNegative = false
    if let sign = range.first, tokens[sign].isSymbol("-"), sign + 1 < range.upperBound,
      tokens[sign + 1].isCurrency
    {
      isNegative = true
      range.removeFirst()
    }
    if range.count > 2, let first = range.first, tokens[first].isWord("US"),
      tokens[first + 1].isCurrency
    {
      range.removeFirst()
    }
    if let first = range.first, range.count > 1, isCurrency(first) {
      unit = AnswerUnit.named(AnswerUnit.name(tokens[first].text) ?? tokens[first].text)
      range.removeFirst()
      if let point = range.first, tokens[point].isSymbol(".") { range.removeFirst() }
    }
    let start = unitStart(range)
    guard !isDateOrSpan(range.lowerBound..<start) else { throw .notNumeric }
    guard let reading = AnswerUnit.read(unitWords(start..<range.upperBound)) else {
      throw .notNumeric
    }
    unit = try Self.joined(unit, reading.unit, isQuotient: isQuotient(start, range.upperBound))
    var value = try number(range.lowerBound..<start)
    let scale = ExactNumber(isNegative ? Rational(negating: reading.factor) : reading.factor)
    let base = value
    value = try compute { (budget) throws(ArithmeticFault) in
      let changed =
        reading.isFactorial
        ? try base.factorial(&budget)
        : reading.power == 1
          ? base : try base.power(ExactNumber(Rational(Int128(reading.power))), &budget)
      return try changed.multiplied(by: scale, &budget)
    }
    return .number(value, unit)
  }

  /// Whether it is a span, a score or a date, such as 5-7, 3-2 and 2024/01/05, and no calculation: whole
  /// numbers in a row without spaces.
  private func isDateOrSpan(_ range: Range<Int>) -> Bool {
    guard !isInEquation, range.count > 2, !range.count.isMultiple(of: 2) else { return false }
    let sign = tokens[range.lowerBound + 1]
    guard sign.isSymbol("-") || sign.isSymbol("/") && range.count == 5 else { return false }
    return range.enumerated().allSatisfy { place, index in
      let token = tokens[index]
      if place > 0, token.hasSpace { return false }
      return place % 2 == 1
        ? token.isSymbol(sign.text)
        : token.kind == .number && token.text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
  }

  private func isCurrency(_ index: Int) -> Bool {
    tokens[index].isCurrency
      || tokens[index].kind == .word && AnswerUnit.isCurrencyCode(tokens[index].text)
  }

  /// The unit in front of a number together with that behind it, as in $5/hour. Both may be given:
  /// $5 is 5 dollars.
  private static func joined(
    _ front: AnswerUnit?, _ back: AnswerUnit?, isQuotient: Bool
  ) throws(ArithmeticFault) -> AnswerUnit? {
    guard let front, var back else { return front ?? back }
    if back.powers == front.powers { return back }
    if back.powers.isEmpty {
      back.powers = front.powers
      return back
    }
    guard isQuotient, let unit = front.times(back) else { throw .notNumeric }
    return unit
  }

  /// Whether the words behind a number begin with a slash or "per".
  private func isQuotient(_ start: Int, _ end: Int) -> Bool {
    start < end && (tokens[start].isSymbol("/") || isPer(tokens[start]))
  }

  private func isPer(_ token: AnswerToken) -> Bool {
    token.kind == .word && token.text.lowercased() == "per"
  }

  // MARK: - The words behind a number

  /// The start of the words behind a number.
  private func unitStart(_ range: Range<Int>) -> Int {
    var start = range.upperBound
    while start > range.lowerBound + 1, let before = unitPart(endingAt: start, range) {
      start = before
      if tokens[start].isSymbol("/"), tokens[start - 1].kind == .number { break }
    }
    return start
  }

  /// The start of the part of a unit that ends before an index; nil if it is none.
  private func unitPart(endingAt end: Int, _ range: Range<Int>) -> Int? {
    let index = end - 1
    let token = tokens[index]
    let hasMore = end < range.upperBound
    if token.isSymbol("}") || token.isSymbol(")") {
      guard let open = opener(of: index), open - 1 > range.lowerBound else { return nil }
      if tokens[open - 1].isSymbol("^") {
        return isIntegerPower(open..<index) && isUnit(open - 2) ? open - 1 : nil
      }
      if token.isSymbol(")") {
        return tokens[open - 1].isSymbol("/") && isUnitProduct((open + 1)..<index) ? open : nil
      }
      // \frac{\text{m}}{\text{s}}
      guard let first = opener(of: open - 1), first - 1 > range.lowerBound,
        tokens[first - 1].isCommand("frac"), isUnitProduct((first + 1)..<(open - 1)),
        isUnitProduct((open + 1)..<index)
      else { return nil }
      return first - 1
    }
    if token.isSymbol("/") {
      guard hasMore, end - 2 >= range.lowerBound else { return nil }
      let previous = tokens[end - 2]
      if previous.kind == .number { return isLongUnit(end) ? index : nil }
      return isUnit(end - 2) || previous.isSymbol("}") ? index : nil
    }
    if token.isSymbol("*") {
      return hasMore && (isUnit(end - 2) || tokens[end - 2].isSymbol("}")) ? index : nil
    }
    if token.isSymbol(".") { return isUnit(end - 2) ? index : nil }
    return isUnit(index) || isPer(token) && hasMore ? index : nil
  }

  /// Whether a token is a unit. A letter or a short product of variables outside of prose is none,
  /// except in a quotient of units.
  private func isUnit(_ index: Int) -> Bool {
    let token = tokens[index]
    if token.isSymbol("%") || token.isSymbol("°") || token.isCurrency || token.isCommand("Omega") {
      return true
    }
    if token.isCommand("mu") {
      return index + 1 < tokens.count && tokens[index + 1].kind == .word
    }
    guard token.kind == .word else { return false }
    if index > 0, tokens[index - 1].isSymbol("°"), token.text == "C" || token.text == "F" {
      return true
    }
    if token.isProse || AnswerUnit.isKnown(token.text) { return true }
    // Words in a formula without \text, as in 12 red apples.
    let length = token.text.utf8.count
    let isFollowed = index + 1 < tokens.count && tokens[index + 1].kind == .word
    if token.hasSpace, length >= 4 || length == 3 && isFollowed { return true }
    // The k of kΩ, and the m of μm.
    if index + 1 < tokens.count, tokens[index + 1].isCommand("Omega"), token.hasSpace {
      return true
    }
    guard index > 0 else { return false }
    if tokens[index - 1].isCommand("mu") { return true }
    guard AnswerUnit.isKnownLetter(token.text) else { return false }
    let isBelow = tokens[index - 1].isSymbol("/") || tokens[index - 1].isSymbol("*")
    let isAbove =
      token.hasSpace && index + 1 < tokens.count
      && (tokens[index + 1].isSymbol("/") || tokens[index + 1].isSymbol("*"))
    return isBelow || isAbove
  }

  /// Whether a unit of more than a letter, or one in prose, begins here: 5/hour, but not 5/m.
  private func isLongUnit(_ index: Int) -> Bool {
    tokens[index].isProse || tokens[index].kind == .word && AnswerUnit.isKnown(tokens[index].text)
  }

  private func isIntegerPower(_ group: Range<Int>) -> Bool {
    let inner = tokens[group].dropFirst()
    let digits = inner.first?.isSymbol("-") == true ? inner.dropFirst() : inner
    return digits.count == 1 && digits.allSatisfy { $0.kind == .number && $0.text.utf8.count == 1 }
  }

  /// Whether a range has only units with powers, and signs of multiplication.
  private func isUnitProduct(_ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    while index < range.upperBound {
      if tokens[index].isSymbol("^"), let close = partner(of: index + 1),
        isIntegerPower((index + 1)..<close)
      {
        index = close
      } else if !isUnit(index), !tokens[index].isSymbol("*") {
        return false
      }
      index += 1
    }
    return range.contains(where: isUnit)
  }

  /// The words of a unit. Everything behind a slash or "per" is below, up to a sign of
  /// multiplication outside of parentheses.
  private func unitWords(_ range: Range<Int>) -> [AnswerUnit.Word] {
    var words: [AnswerUnit.Word] = []
    var (isBelow, isFactor, isInParentheses) = (false, false, false)
    var fractionBar: Int?
    var index = range.lowerBound
    var prefix = ""
    while index < range.upperBound {
      let token = tokens[index]
      if token.isSymbol("/") || isPer(token) {
        isBelow = true
      } else if token.isSymbol("*") {
        isFactor = true
        if !isInParentheses, fractionBar == nil { isBelow = false }
      } else if token.isSymbol("(") || token.isSymbol(")") {
        isInParentheses = token.isSymbol("(")
      } else if token.isCommand("frac"), let close = partner(of: index + 1) {
        fractionBar = close
      } else if index == fractionBar {
        isBelow = true
      } else if token.isSymbol("^"), let close = partner(of: index + 1), !words.isEmpty {
        let digits = tokens[(index + 2)..<close].map(\.text).joined()
        words[words.count - 1].power = Int(digits) ?? 1
        index = close
      } else if token.isCommand("mu") {
        prefix = "µ"
      } else if token.kind == .word || token.isCurrency || token.isSymbol("%")
        || token.isSymbol("°") || token.isCommand("Omega")
      {
        var text = prefix + (token.isCommand("Omega") ? "ohm" : token.text)
        prefix = ""
        if token.isCommand("Omega"), index > range.lowerBound, let last = words.last,
          last.text.utf8.count == 1, !isFactor, !last.isBelow
        {
          text = last.text + text
          words.removeLast()
        }
        words.append(
          AnswerUnit.Word(
            text: text, isBelow: isBelow, isFactor: isFactor,
            isAttached: index == range.lowerBound && !token.hasSpace))
        isFactor = false
      }
      index += 1
    }
    return words
  }
}

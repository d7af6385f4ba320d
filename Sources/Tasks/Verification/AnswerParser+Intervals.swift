// Inequalities for one name are intervals: x > 3 is x in (3, ∞).

extension AnswerParser {
  /// `x > a`, `a < x`, `a < x ≤ b` or `x ≠ a`; nil if the range is none of these.
  mutating func inequality(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue? {
    guard tokens[range].contains(where: { Self.order($0) != nil }) else { return nil }
    let parts = split(range) { Self.order($0) != nil }
    let orders = parts.dropFirst().compactMap { Self.order(tokens[$0.lowerBound - 1]) }
    guard parts.count == orders.count + 1, parts[0].lowerBound == range.lowerBound,
      parts.last?.upperBound == range.upperBound
    else { return nil }
    if parts.count == 2 {
      if let variable = name(parts[0]), let bound = try bound(parts[1]) {
        return .assigned(variable, Self.ray(orders[0], bound))
      }
      if let variable = name(parts[1]), let bound = try bound(parts[0]) {
        return .assigned(variable, Self.ray(orders[0].reversed, bound))
      }
      return nil
    }
    guard parts.count == 3, let variable = name(parts[1]), orders[0].isLess == orders[1].isLess,
      !orders.contains(.different), let first = try bound(parts[0]),
      let second = try bound(parts[2])
    else { return nil }
    let isRising = orders[0].isLess
    return .assigned(
      variable,
      isRising
        ? Self.interval(first, orders[0].isStrict, second, orders[1].isStrict)
        : Self.interval(second, orders[1].isStrict, first, orders[0].isStrict))
  }

  /// Inequalities between "or" are a union. Between "and" or commas two rays that overlap are an
  /// interval, and two that do not are a union after a comma only.
  mutating func inequalities(
    _ parts: [Range<Int>], joinedBy word: String?
  ) throws(ArithmeticFault) -> AnswerValue? {
    guard parts.allSatisfy({ tokens[$0].contains { Self.order($0) != nil } }) else { return nil }
    var variable: String?
    var values: [AnswerValue] = []
    for part in parts {
      guard case .assigned(let name, let value)? = try inequality(part),
        variable == nil || variable == name, case .tuple = value
      else { return nil }
      variable = name
      values.append(value)
    }
    guard let variable else { return nil }
    let overlap = word == "or" || values.count != 2 ? nil : try overlap(values[0], values[1])
    if let overlap { return .assigned(variable, overlap) }
    return word == "and" ? nil : .assigned(variable, .union(values))
  }

  /// The interval that two opposite rays share; nil if they share none, or if it is not known.
  private mutating func overlap(
    _ a: AnswerValue, _ b: AnswerValue
  ) throws(ArithmeticFault) -> AnswerValue? {
    for (first, second) in [(a, b), (b, a)] {
      guard case .tuple(let left, let lower) = first, case .tuple(let right, let upper) = second,
        case .infinity(false) = lower[1], case .infinity(true) = upper[0],
        case .number(let start, nil) = lower[0], case .number(let end, nil) = upper[1]
      else { continue }
      let length = try compute { (budget) throws(ArithmeticFault) in
        try end.adding(start.negative(&budget), &budget)
      }
      guard let sign = try? length.sign, sign > 0 else { return nil }
      return .tuple(brackets: String(left.prefix(1) + right.suffix(1)), [lower[0], upper[1]])
    }
    return nil
  }

  // MARK: - Parts

  private enum Order {
    case less, lessOrEqual, greater, greaterOrEqual, different

    var isLess: Bool { self == .less || self == .lessOrEqual }
    var isStrict: Bool { self == .less || self == .greater }
    var reversed: Order {
      switch self {
      case .less: .greater
      case .lessOrEqual: .greaterOrEqual
      case .greater: .less
      case .greaterOrEqual: .lessOrEqual
      case .different: .different
      }
    }
  }

  private static func order(_ token: AnswerToken) -> Order? {
    switch (token.kind, token.text) {
    case (.symbol, "<"): .less
    case (.symbol, ">"): .greater
    case (.command, "le"): .lessOrEqual
    case (.command, "ge"): .greaterOrEqual
    case (.command, "ne"): .different
    default: nil
    }
  }

  private mutating func bound(_ range: Range<Int>) throws(ArithmeticFault) -> AnswerValue? {
    if let infinity = infinity(range) { return infinity }
    do {
      guard case .number(let value, _) = try quantity(range) else { return nil }
      return .number(value, nil)
    } catch .notNumeric {
      return nil
    }
  }

  private static func ray(_ order: Order, _ bound: AnswerValue) -> AnswerValue {
    let (low, high) = (
      AnswerValue.infinity(isNegative: true), AnswerValue.infinity(isNegative: false)
    )
    return switch order {
    case .less, .lessOrEqual: interval(low, true, bound, order.isStrict)
    case .greater, .greaterOrEqual: interval(bound, order.isStrict, high, true)
    case .different: .union([interval(low, true, bound, true), interval(bound, true, high, true)])
    }
  }

  private static func interval(
    _ low: AnswerValue, _ isOpen: Bool, _ high: AnswerValue, _ isOpenAbove: Bool
  ) -> AnswerValue {
    .tuple(brackets: (isOpen ? "(" : "[") + (isOpenAbove ? ")" : "]"), [low, high])
  }
}

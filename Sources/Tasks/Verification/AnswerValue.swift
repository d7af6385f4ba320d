// The meaning of an answer, as far as it is understood.

/// The value of an answer or of a part of it.
indirect enum AnswerValue {
  case number(ExactNumber, AnswerUnit?)
  case infinity(isNegative: Bool)
  /// Elements in order between brackets, `(]` for a half-open interval.
  case tuple(brackets: String, [AnswerValue])
  /// Elements in any order: a set, a list without brackets, or the two values of a ± b.
  case list([AnswerValue])
  /// Parts joined by `\cup`, in any order.
  case union([AnswerValue])
  /// `x=…`, with the name.
  case assigned(String, AnswerValue)
  /// Text without another value, in canonical form.
  case text(String)

  /// Whether it is compared as text only.
  var isText: Bool {
    if case .text = self { true } else { false }
  }

  /// Whether both mean the same. A name in front, as in `x=5`, may be missing on one side.
  func matches(
    _ other: AnswerValue, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Bool {
    switch (self, other) {
    case (.assigned, .assigned): try equals(other, &budget)
    case (.assigned(_, let value), _): try value.equals(other, &budget)
    case (_, .assigned(_, let value)): try equals(value, &budget)
    default: try equals(other, &budget)
    }
  }

  private func equals(
    _ other: AnswerValue, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Bool {
    try budget.spend()
    switch (self, other) {
    case (.number(let a, let unit), .number(let b, let otherUnit)):
      return try Self.equal(a, unit, b, otherUnit, &budget)
    case (.infinity(let a), .infinity(let b)): return a == b
    case (.tuple(let brackets, let a), .tuple(let otherBrackets, let b)):
      guard brackets == otherBrackets, a.count == b.count else { return false }
      for (a, b) in zip(a, b) {
        guard try a.equals(b, &budget) else { return false }
      }
      return true
    case (.list(let a), .list(let b)), (.union(let a), .union(let b)):
      return try Self.equalInAnyOrder(a, b, &budget)
    case (.assigned(let name, let a), .assigned(let otherName, let b)):
      return name == otherName ? try a.equals(b, &budget) : false
    case (.text(let a), .text(let b)): return a.utf8.elementsEqual(b.utf8)
    default: return false
    }
  }

  /// Equality of multisets: the elements of both can be matched one to one.
  private static func equalInAnyOrder(
    _ a: [AnswerValue], _ b: [AnswerValue], _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Bool {
    guard a.count == b.count else { return false }
    var rest = b
    for element in a {
      var partner: Int?
      for (index, other) in rest.enumerated() {
        if try element.equals(other, &budget) {
          partner = index
          break
        }
      }
      guard let partner else { return false }
      rest.remove(at: partner)
    }
    return true
  }

  /// A unit on one side only is ignored, but 50% equals 1/2 as well as the bare 50.
  private static func equal(
    _ a: ExactNumber, _ unit: AnswerUnit?, _ b: ExactNumber, _ otherUnit: AnswerUnit?,
    _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Bool {
    guard let unit, let otherUnit else {
      guard let percent = unit ?? otherUnit, percent.isPercent else {
        return try a.equals(b, &budget)
      }
      let (a, b) = unit == nil ? (b, a) : (a, b)
      if try a.equals(b, &budget) { return true }
      return try a.multiplied(by: ExactNumber(Rational(1, over: 100)), &budget).equals(b, &budget)
    }
    return try unit.agrees(with: otherUnit) ? a.equals(b, &budget) : false
  }
}

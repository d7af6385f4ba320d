// Why an answer has no exact value.

/// The two ways in which exact arithmetic ends early.
enum ArithmeticFault: Error, Equatable {
  /// The text is no number of the kinds that are compared by value.
  case notNumeric
  /// Digits or operations ran out; says of what.
  case overBudget(String)

  /// A number beyond 127 bits.
  static let digits = ArithmeticFault.overBudget("a number with more than 38 digits")
}

// Why an answer has no exact value.

/// The two ways in which exact arithmetic ends early.
enum ArithmeticFault: Error, Equatable {
  /// The text is not a number that can be compared by value.
  case notNumeric
  /// The budget of digits or operations was exhausted; says which.
  case overBudget(String)

  /// A number beyond 127 bits.
  static let digits = ArithmeticFault.overBudget("a number with more than 38 digits")
}

// A bound on the work that one comparison may take.

/// The operations that one comparison may still use, so that no answer takes long.
struct OperationBudget {
  private(set) var remaining = 20_000

  mutating func spend(_ operations: Int = 1) throws(ArithmeticFault) {
    remaining -= operations
    if remaining < 0 { throw .overBudget("too many operations") }
  }
}

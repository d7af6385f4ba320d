// Exact numbers made of fractions, square roots, π and i.

/// A sum of terms q √n πᵏ iˡ with a fraction q ≠ 0, a squarefree n ≥ 1 and l = 0 or 1. The form is
/// unique (for π because it is transcendental), so two numbers are equal when their terms are.
struct ExactNumber: Hashable {
  /// √n πᵏ iˡ.
  private struct Unit: Hashable {
    var radicand: UInt64 = 1
    var piPower = 0
    var isImaginary = false
  }

  private var terms: [Unit: Rational]

  static let pi = ExactNumber(Rational.one, Unit(piPower: 1))
  static let imaginaryUnit = ExactNumber(Rational.one, Unit(isImaginary: true))

  init(_ value: Rational) {
    self.init(value, Unit())
  }

  private init(_ value: Rational, _ unit: Unit) {
    terms = value.numerator == 0 ? [:] : [unit: value]
  }

  /// The fraction, if it is one.
  var rational: Rational? {
    if terms.isEmpty { return Rational(0) }
    return terms.count == 1 ? terms[Unit()] : nil
  }

  func adding(
    _ other: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    var sum = self
    for (unit, value) in other.terms { try sum.add(value, unit, &budget) }
    return sum
  }

  private mutating func add(
    _ value: Rational, _ unit: Unit, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) {
    try budget.spend()
    let total = try (terms[unit] ?? Rational(0)) + value
    terms[unit] = total.numerator == 0 ? nil : total
  }

  func multiplied(
    by other: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    var product = ExactNumber(Rational(0))
    for (a, x) in terms {
      for (b, y) in other.terms {
        // √a √b = g √(ab/g²) where g is the common divisor, and ab/g² is squarefree again.
        let divisor = Self.commonDivisor(a.radicand, b.radicand)
        let (radicand, overflow) = (a.radicand / divisor)
          .multipliedReportingOverflow(by: b.radicand / divisor)
        if overflow { throw .digits }
        var value = try x * y * Rational(Int128(divisor))
        if a.isImaginary, b.isImaginary { value = try value * Rational(-1) }
        let (power, powerOverflow) = a.piPower.addingReportingOverflow(b.piPower)
        if powerOverflow { throw .digits }
        let unit = Unit(
          radicand: radicand, piPower: power, isImaginary: a.isImaginary != b.isImaginary)
        try product.add(value, unit, &budget)
      }
    }
    return product
  }

  var negative: ExactNumber {
    get throws(ArithmeticFault) {
      var number = self
      for (unit, value) in terms { number.terms[unit] = try value * Rational(-1) }
      return number
    }
  }

  /// 1 / self, of a single term; a sum throws `notNumeric`, and so does 0.
  func inverse() throws(ArithmeticFault) -> ExactNumber {
    guard let (unit, value) = terms.first, terms.count == 1 else { throw .notNumeric }
    // 1/(q √n πᵏ i) = -(1/(q n)) √n π⁻ᵏ i.
    let factor = try value * Rational(Int128(unit.radicand))
    let inverse = try factor.inverse() * Rational(unit.isImaginary ? -1 : 1)
    return ExactNumber(
      inverse,
      Unit(radicand: unit.radicand, piPower: -unit.piPower, isImaginary: unit.isImaginary))
  }

  /// A power with an integer exponent; others throw `notNumeric`, large ones `overBudget`.
  func power(
    _ exponent: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    guard let integer = exponent.rational?.integer else { throw .notNumeric }
    guard abs(integer) <= 1024 else { throw .overBudget("an exponent above 1024") }
    var result = ExactNumber(.one)
    var square = integer < 0 ? try inverse() : self
    var rest = Int(abs(integer))
    while rest > 0 {
      if rest & 1 == 1 { result = try result.multiplied(by: square, &budget) }
      rest >>= 1
      if rest > 0 { square = try square.multiplied(by: square, &budget) }
    }
    return result
  }

  /// n!, for natural numbers.
  func factorial(_ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    guard let n = rational?.integer, n >= 0 else { throw .notNumeric }
    var product = Rational.one
    var factor: Int128 = 2
    while factor <= n {
      try budget.spend()
      product = try product * Rational(factor)
      factor += 1
    }
    return ExactNumber(product)
  }

  /// The square root of a fraction, of a negative one on the upper imaginary axis; roots of other
  /// numbers throw `notNumeric`.
  func squareRoot(_ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    guard let value = rational else { throw .notNumeric }
    // √(p/q) = √(pq) / q.
    let product = try Rational(value.numerator) * Rational(value.denominator)
    guard let radicand = UInt64(exactly: abs(product.numerator)) else { throw .digits }
    guard radicand > 0 else { return self }
    let (square, free) = try Self.squarefree(radicand, &budget)
    return ExactNumber(
      try Rational(Int128(square), over: value.denominator),
      Unit(radicand: free, isImaginary: value.numerator < 0))
  }

  /// n = square² free with a squarefree `free`.
  private static func squarefree(
    _ n: UInt64, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> (square: UInt64, free: UInt64) {
    var (rest, square, free): (UInt64, UInt64, UInt64) = (n, 1, 1)
    var divisor: UInt64 = 2
    // A number without a divisor up to its cube root is 1, a prime, the square of a prime or a
    // product of two primes.
    while divisor * divisor * divisor <= rest {
      guard divisor < 1 << 16 else { throw .overBudget("a root of too large a number") }
      if divisor % 64 == 3 { try budget.spend() }
      while rest % (divisor * divisor) == 0 {
        rest /= divisor * divisor
        square *= divisor
      }
      if rest % divisor == 0 {
        rest /= divisor
        free *= divisor
      }
      divisor += divisor == 2 ? 1 : 2
    }
    let root = UInt64(Double(rest).squareRoot())
    return root * root == rest ? (square * root, free) : (square, free * rest)
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

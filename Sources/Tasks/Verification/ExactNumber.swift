// Exact numbers made of fractions, roots, π, i and variables.

/// A quotient of sums of roots. Two quotients are equal when the products crosswise are, and these
/// are sums, whose form is unique.
struct ExactNumber {
  private let numerator: RadicalSum
  /// Not zero; 1 unless it has several terms.
  private let denominator: RadicalSum

  static let pi = symbol(Monomial.Radical.pi)
  static let imaginaryUnit = ExactNumber(
    RadicalSum(Monomial(.one, Monomial.Radical(isImaginary: true))))

  /// A variable, which equals only itself.
  static func symbol(_ name: String) -> ExactNumber {
    ExactNumber(RadicalSum(Monomial(.one, Monomial.Radical(symbols: [name: 1]))))
  }

  /// Whether it has no variables.
  var isConstant: Bool { numerator.isConstant && denominator.isConstant }

  init(_ value: Rational) {
    self.init(RadicalSum(Monomial(value)))
  }

  private init(_ sum: RadicalSum) {
    self.init(numerator: sum, denominator: .one)
  }

  private init(numerator: RadicalSum, denominator: RadicalSum) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// The quotient; 0 as denominator throws `notNumeric`.
  private init(
    _ numerator: RadicalSum, over denominator: RadicalSum, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) {
    guard !denominator.isZero else { throw .notNumeric }
    if let monomial = denominator.monomial {
      let inverse = RadicalSum(try monomial.inverse(&budget))
      self.init(try numerator.multiplied(by: inverse, &budget))
    } else {
      self.init(numerator: numerator, denominator: denominator)
    }
  }

  private var isSum: Bool { denominator == .one }

  /// The fraction, if it is one.
  var rational: Rational? { isSum ? numerator.rational : nil }

  func equals(
    _ other: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Bool {
    if isSum, other.isSum { return numerator == other.numerator }
    let left = try numerator.multiplied(by: other.denominator, &budget)
    return try left == other.numerator.multiplied(by: denominator, &budget)
  }

  // MARK: - Arithmetic

  func adding(
    _ other: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    if isSum, other.isSum { return ExactNumber(try numerator.adding(other.numerator, &budget)) }
    let left = try numerator.multiplied(by: other.denominator, &budget)
    let right = try other.numerator.multiplied(by: denominator, &budget)
    return try ExactNumber(
      left.adding(right, &budget), over: denominator.multiplied(by: other.denominator, &budget),
      &budget)
  }

  func multiplied(
    by other: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    try ExactNumber(
      numerator.multiplied(by: other.numerator, &budget),
      over: denominator.multiplied(by: other.denominator, &budget), &budget)
  }

  func negative(_ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    try ExactNumber(numerator.negative, over: denominator, &budget)
  }

  /// 1 / self; of 0 throws `notNumeric`.
  func inverse(_ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    try ExactNumber(denominator, over: numerator, &budget)
  }

  /// A power with an integer exponent, or the real power of a positive product; others throw
  /// `notNumeric`, large ones `overBudget`.
  func power(
    _ exponent: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    guard let fraction = exponent.rational else {
      let isLarge = exponent.numerator.monomial?.radical.isLargePower ?? false
      throw isLarge ? .overBudget("too large an exponent") : .notNumeric
    }
    if isSum, let monomial = numerator.monomial,
      let power = try positivePower(monomial, fraction, &budget)
    {
      return ExactNumber(RadicalSum(power))
    }
    guard let integer = fraction.integer else { throw .notNumeric }
    guard abs(integer) <= 1024 else { throw .overBudget("an exponent above 1024") }
    let base = integer < 0 ? try inverse(&budget) : self
    let size = Int(abs(integer))
    return try ExactNumber(
      base.numerator.power(size, &budget), over: base.denominator.power(size, &budget), &budget)
  }

  /// The power of a product above 0. Small integer exponents need no factors, so their bases may
  /// have primes too large to find.
  private func positivePower(
    _ base: Monomial, _ exponent: Rational, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Monomial? {
    if let integer = exponent.integer, abs(integer) <= 128, !base.radical.isLargePower {
      if let power = try? numerator.power(Int(abs(integer)), &budget).monomial,
        let signed = integer < 0 ? try? power.inverse(&budget) : power
      {
        return signed
      }
    }
    return try base.power(exponent, &budget)
  }

  // MARK: - Roots

  /// The n-th root: of a negative number for odd n the real one, for n = 2 the one on the upper
  /// imaginary axis. Roots that are not sums of roots of fractions throw `notNumeric`.
  func root(_ n: Int, _ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    guard isSum, n > 0 else { throw .notNumeric }
    if numerator.isZero { return self }
    if n == 2 {
      guard let root = try numerator.squareRoot(&budget) else { throw .notNumeric }
      return ExactNumber(root)
    }
    guard let monomial = numerator.monomial else { throw .notNumeric }
    let isNegative = monomial.coefficient.numerator < 0
    guard !isNegative || n % 2 == 1,
      let root = try (isNegative ? monomial.negative : monomial)
        .power(Rational(1, over: Int128(n)), &budget)
    else { throw .notNumeric }
    return ExactNumber(RadicalSum(isNegative ? root.negative : root))
  }

  /// |self|.
  func absolute(_ budget: inout OperationBudget) throws(ArithmeticFault) -> ExactNumber {
    guard numerator.isReal, denominator.isReal else {
      guard isSum, isConstant,
        let square = try? numerator.multiplied(by: numerator.conjugate, &budget),
        square.isReal, let root = try square.squareRoot(&budget)
      else { throw .notNumeric }
      return ExactNumber(root)
    }
    return try sign < 0 ? negative(&budget) : self
  }

  /// -1, 0 or 1; complex numbers and signs that are not known throw `notNumeric`.
  var sign: Int {
    get throws(ArithmeticFault) {
      guard let sign = numerator.sign, let divisor = denominator.sign else { throw .notNumeric }
      return sign * divisor
    }
  }

  /// The largest integer that is not above self, or the smallest that is not below.
  func rounded(
    up: Bool, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    if up { return try negative(&budget).rounded(up: false, &budget).negative(&budget) }
    if let rational { return ExactNumber(Rational(rational.floor)) }
    guard isSum, let bounds = numerator.bounds, abs(bounds.lowerBound) < 1e15 else {
      throw .notNumeric
    }
    let value = bounds.lowerBound.rounded(.down)
    guard bounds.upperBound.rounded(.down) == value else { throw .notNumeric }
    return ExactNumber(Rational(Int128(value)))
  }

  // MARK: - Functions

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

  /// The number of ways to choose k of n, both natural numbers.
  static func binomial(
    _ n: ExactNumber, _ k: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    guard let n = n.rational?.integer, let k = k.rational?.integer, n >= 0, k >= 0 else {
      throw .notNumeric
    }
    if k > n { return ExactNumber(Rational(0)) }
    var value = Rational.one
    var step: Int128 = 0
    while step < min(k, n - k) {
      try budget.spend()
      value = try value * Rational(n - step, over: step + 1)
      step += 1
    }
    return ExactNumber(value)
  }

  /// The logarithm to a base, if it is a fraction.
  func logarithm(
    base: ExactNumber, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> ExactNumber {
    guard isSum, base.isSum, let value = numerator.monomial, let base = base.numerator.monomial,
      let exponent = try value.logarithm(base: base, &budget)
    else { throw .notNumeric }
    return ExactNumber(exponent)
  }
}

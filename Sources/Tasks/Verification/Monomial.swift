// Products of a fraction, roots, powers of symbols and i.

/// q · ∏ pᵉ · ∏ sᵏ · iˡ with a fraction q ≠ 0, primes p, exponents 0 < e < 1, symbols s such as π
/// and x, and l = 0 or 1.
///
/// Different products of roots, powers of symbols and iˡ are linearly independent over the fractions,
/// since roots of different primes are (Besicovitch 1940), π is transcendental, and variables are
/// independent of everything. So the form is unique, also
/// as a term of a sum. A number too large for q is a *large power*: q is 1 or -1, and the exponents
/// e are any fractions. A number has this form exactly if q would not fit, so it is unique too.
struct Monomial {
  /// ∏ pᵉ · ∏ sᵏ · iˡ.
  struct Radical: Hashable {
    var primes: [UInt64: Rational] = [:]
    /// The powers of symbols, none of which is 0.
    var symbols: [String: Int] = [:]
    var isImaginary = false

    static let one = Radical()
    static let pi = "π"

    /// Whether it has no variables.
    var isConstant: Bool { symbols.keys.allSatisfy { $0 == Self.pi } }

    /// Whether an exponent is not between 0 and 1.
    var isLargePower: Bool {
      primes.values.contains { $0.numerator < 0 || $0.numerator >= $0.denominator }
    }
  }

  let coefficient: Rational
  let radical: Radical

  init(_ coefficient: Rational, _ radical: Radical = .one) {
    self.coefficient = coefficient
    self.radical = radical
  }

  /// The normal form of sign · ∏ pᵉ · ∏ sᵏ · iˡ with any exponents.
  private init(isNegative: Bool, _ radical: Radical) throws(ArithmeticFault) {
    var rest = radical
    rest.primes = radical.primes.filter { $0.value.numerator != 0 }
    for exponent in rest.primes.values {
      guard abs(exponent.numerator) <= Self.largestExponent,
        exponent.denominator <= Self.largestExponent
      else { throw .overBudget("too large an exponent") }
    }
    let sign = Rational(isNegative ? -1 : 1)
    guard let (coefficient, fractions) = Self.folded(rest.primes) else {
      self.init(sign, rest)
      return
    }
    rest.primes = fractions
    self.init(isNegative ? Rational(negating: coefficient) : coefficient, rest)
  }

  private static let largestExponent: Int128 = 1 << 20

  /// ∏ pᵉ as a fraction and exponents between 0 and 1; nil if the fraction is too large.
  private static func folded(
    _ primes: [UInt64: Rational]
  ) -> (Rational, [UInt64: Rational])? {
    var (numerator, denominator): (Int128, Int128) = (1, 1)
    var fractions: [UInt64: Rational] = [:]
    for (prime, exponent) in primes {
      let whole = exponent.floor
      guard abs(whole) < 128 else { return nil }
      for _ in 0..<abs(whole) {
        let (value, overflow) = (whole > 0 ? numerator : denominator)
          .multipliedReportingOverflow(by: Int128(prime))
        if overflow { return nil }
        if whole > 0 { numerator = value } else { denominator = value }
      }
      guard let fraction = try? exponent + Rational(-whole) else { return nil }
      if fraction.numerator != 0 { fractions[prime] = fraction }
    }
    guard let coefficient = try? Rational(numerator, over: denominator) else { return nil }
    return (coefficient, fractions)
  }

  /// The exponents of all primes, those of the fraction included.
  private func primes(
    _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> [UInt64: Rational] {
    var primes = radical.primes
    guard abs(coefficient.numerator) != 1 || coefficient.denominator != 1 else { return primes }
    for (number, sign) in [(abs(coefficient.numerator), 1), (coefficient.denominator, -1)] {
      for (prime, count) in try PrimeFactors.of(number, &budget) {
        primes[prime] = try (primes[prime] ?? Rational(0)) + Rational(Int128(sign * count))
      }
    }
    return primes
  }

  // MARK: - Arithmetic

  func multiplied(
    by other: Monomial, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Monomial {
    try budget.spend()
    var product = Radical(isImaginary: radical.isImaginary != other.radical.isImaginary)
    product.symbols = radical.symbols
    for (symbol, power) in other.radical.symbols {
      let (sum, overflow) = power.addingReportingOverflow(product.symbols[symbol] ?? 0)
      if overflow { throw .digits }
      product.symbols[symbol] = sum == 0 ? nil : sum
    }
    var isNegative = radical.isImaginary && other.radical.isImaginary
    // The usual case needs no factors of the fractions.
    if !radical.isLargePower, !other.radical.isLargePower,
      let coefficient = try? coefficient * other.coefficient,
      let exponents = try? Self.sums(radical.primes, other.radical.primes),
      let (whole, fractions) = Self.folded(exponents), let value = try? coefficient * whole
    {
      product.primes = fractions
      return Monomial(isNegative ? Rational(negating: value) : value, product)
    }
    product.primes = try Self.sums(primes(&budget), other.primes(&budget))
    for factor in [self, other] where factor.coefficient.numerator < 0 { isNegative.toggle() }
    return try Monomial(isNegative: isNegative, product)
  }

  private static func sums(
    _ a: [UInt64: Rational], _ b: [UInt64: Rational]
  ) throws(ArithmeticFault) -> [UInt64: Rational] {
    var sums = a
    for (prime, exponent) in b { sums[prime] = try (sums[prime] ?? Rational(0)) + exponent }
    return sums
  }

  var negative: Monomial { Monomial(Rational(negating: coefficient), radical) }

  /// 1 / self.
  func inverse(_ budget: inout OperationBudget) throws(ArithmeticFault) -> Monomial {
    var inverse = Radical(
      symbols: radical.symbols.mapValues { -$0 }, isImaginary: radical.isImaginary)
    // 1/i is -i.
    let isNegative = radical.isImaginary != (coefficient.numerator < 0)
    if radical.primes.isEmpty {
      let value = try coefficient.inverse()
      return Monomial(radical.isImaginary ? Rational(negating: value) : value, inverse)
    }
    for (prime, exponent) in try primes(&budget) {
      inverse.primes[prime] = Rational(negating: exponent)
    }
    return try Monomial(isNegative: isNegative, inverse)
  }

  /// The real power with a fraction as exponent, of a positive number; nil of others, where π
  /// would have a broken exponent, and of variables for exponents that are no integers.
  func power(
    _ exponent: Rational, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Monomial? {
    guard coefficient.numerator > 0, !radical.isImaginary else { return nil }
    guard abs(exponent.numerator) <= Self.largestExponent,
      exponent.denominator <= Self.largestExponent
    else { throw .overBudget("too large an exponent") }
    guard radical.isConstant || exponent.integer != nil else { return nil }
    var power = Radical()
    for (symbol, value) in radical.symbols {
      let product = try Rational(Int128(value)) * exponent
      guard let whole = product.integer, let whole = Int(exactly: whole) else { return nil }
      power.symbols[symbol] = whole == 0 ? nil : whole
    }
    for (prime, value) in try primes(&budget) { power.primes[prime] = try value * exponent }
    return try Monomial(isNegative: false, power)
  }

  /// The r with baseʳ = self, both fractions or roots above 0; nil if r is no fraction.
  func logarithm(
    base: Monomial, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> Rational? {
    guard coefficient.numerator > 0, base.coefficient.numerator > 0, !radical.isImaginary,
      !base.radical.isImaginary, radical.symbols.isEmpty, base.radical.symbols.isEmpty
    else { return nil }
    let (value, base) = (try primes(&budget), try base.primes(&budget))
    guard let (prime, exponent) = base.first else { return nil }
    let ratio = try (value[prime] ?? Rational(0)) * exponent.inverse()
    for prime in Set(value.keys).union(base.keys) {
      let expected = try (base[prime] ?? Rational(0)) * ratio
      guard value[prime] ?? Rational(0) == expected else { return nil }
    }
    return ratio
  }

  /// The value in floating point, to a part in 10¹³; nil for roots above the fourth and variables.
  var approximation: Double? {
    var value = Double(coefficient.numerator) / Double(coefficient.denominator)
    for (prime, exponent) in radical.primes {
      guard abs(exponent.numerator) < 8 else { return nil }
      let root = Double(prime).squareRoot()
      let factor: Double
      switch exponent.denominator {
      case 2: factor = root
      case 4: factor = root.squareRoot()
      default: return nil
      }
      for _ in 0..<abs(exponent.numerator) {
        value = exponent.numerator > 0 ? value * factor : value / factor
      }
    }
    let power = radical.symbols[Radical.pi] ?? 0
    guard radical.isConstant, abs(power) < 8 else { return nil }
    for _ in 0..<abs(power) { value = power > 0 ? value * .pi : value / .pi }
    return value
  }
}

// Sums of fractions, roots, powers of symbols and i.

/// A sum of monomials with different roots, powers of symbols and i. The form is unique (see `Monomial`),
/// so two sums are equal when their terms are.
struct RadicalSum: Hashable {
  private var terms: [Monomial.Radical: Rational] = [:]

  static let zero = RadicalSum()
  static let one = RadicalSum(Monomial(.one))

  private init() {}

  init(_ monomial: Monomial) {
    if monomial.coefficient.numerator != 0 { terms[monomial.radical] = monomial.coefficient }
  }

  var isZero: Bool { terms.isEmpty }

  /// The only term, if there is one.
  var monomial: Monomial? {
    guard let (radical, value) = terms.first, terms.count == 1 else { return nil }
    return Monomial(value, radical)
  }

  /// The fraction, if it is one.
  var rational: Rational? {
    if terms.isEmpty { return Rational(0) }
    return terms.count == 1 ? terms[.one] : nil
  }

  func adding(
    _ other: RadicalSum, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> RadicalSum {
    if isZero { return other }
    var sum = self
    for (radical, value) in other.terms { try sum.add(Monomial(value, radical), &budget) }
    return sum
  }

  private mutating func add(
    _ term: Monomial, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) {
    try budget.spend()
    // A large power has no fraction to add to.
    guard terms.isEmpty || !term.radical.isLargePower && !terms.keys.contains(where: \.isLargePower)
    else { throw .digits }
    let total = try (terms[term.radical] ?? Rational(0)) + term.coefficient
    terms[term.radical] = total.numerator == 0 ? nil : total
  }

  func multiplied(
    by other: RadicalSum, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> RadicalSum {
    var product = RadicalSum()
    for (a, x) in terms {
      for (b, y) in other.terms {
        try product.add(Monomial(x, a).multiplied(by: Monomial(y, b), &budget), &budget)
      }
    }
    return product
  }

  var negative: RadicalSum { mapped { Rational(negating: $1) } }

  /// The sum with -i in place of i.
  var conjugate: RadicalSum { mapped { $0.isImaginary ? Rational(negating: $1) : $1 } }

  /// Whether it has no i; variables are taken as real.
  var isReal: Bool { !terms.keys.contains(where: \.isImaginary) }

  /// Whether it has no variables.
  var isConstant: Bool { terms.keys.allSatisfy(\.isConstant) }

  private func mapped(_ transform: (Monomial.Radical, Rational) -> Rational) -> RadicalSum {
    var sum = RadicalSum()
    for (radical, value) in terms { sum.terms[radical] = transform(radical, value) }
    return sum
  }

  /// An integer power n ≥ 0 by repeated squaring.
  func power(
    _ exponent: Int, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> RadicalSum {
    var (result, square, rest) = (RadicalSum.one, self, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = try result.multiplied(by: square, &budget) }
      rest >>= 1
      if rest > 0 { square = try square.multiplied(by: square, &budget) }
    }
    return result
  }

  // MARK: - Order

  /// Bounds of a real sum; nil for complex numbers and where none are known. They are proven: each
  /// term is computed to a part in 10¹³, and the margin is ten times that.
  var bounds: ClosedRange<Double>? {
    var (sum, size) = (0.0, 0.0)
    for (radical, value) in terms {
      guard !radical.isImaginary, let term = Monomial(value, radical).approximation else {
        return nil
      }
      sum += term
      size += abs(term)
    }
    guard size.isFinite else { return nil }
    return (sum - size * 1e-12)...(sum + size * 1e-12)
  }

  /// -1, 0 or 1 for a real sum; nil if it is not known.
  var sign: Int? {
    if isZero { return 0 }
    if let rational { return rational.numerator < 0 ? -1 : 1 }
    if let monomial, isReal, monomial.radical.isConstant {
      return monomial.coefficient.numerator < 0 ? -1 : 1
    }
    guard let bounds else { return nil }
    return bounds.lowerBound > 0 ? 1 : bounds.upperBound < 0 ? -1 : nil
  }

  // MARK: - Roots

  /// The square root of a real number, of a negative one on the upper imaginary axis; nil if it is
  /// not a sum of roots of fractions.
  func squareRoot(_ budget: inout OperationBudget) throws(ArithmeticFault) -> RadicalSum? {
    if isZero { return self }
    if let monomial {
      guard !monomial.radical.isImaginary else { return nil }
      let isNegative = monomial.coefficient.numerator < 0
      let size = isNegative ? monomial.negative : monomial
      guard let root = try size.power(.half, &budget) else { return nil }
      if !isNegative { return RadicalSum(root) }
      var radical = root.radical
      radical.isImaginary = true
      return RadicalSum(Monomial(root.coefficient, radical))
    }
    // √(a ± b) = √((a + d)/2) ± √((a - d)/2) with d = √(a² - b²), where a and d are fractions.
    guard terms.count == 2, let a = terms[.one], a.numerator > 0, isReal,
      let other = terms.first(where: { $0.key != .one })
    else { return nil }
    let b = RadicalSum(Monomial(other.value, other.key))
    let square = try b.multiplied(by: b, &budget)
    guard let square = square.rational,
      case let difference = try a * a + Rational(negating: square), difference.numerator >= 0,
      let d = try RadicalSum(Monomial(difference)).squareRoot(&budget)?.rational
    else { return nil }
    guard let upper = try RadicalSum(Monomial((a + d) * .half)).squareRoot(&budget),
      let lower = try RadicalSum(Monomial((a + Rational(negating: d)) * .half)).squareRoot(&budget)
    else { return nil }
    return try upper.adding(other.value.numerator < 0 ? lower.negative : lower, &budget)
  }
}

// Exact fractions of bounded size.

/// A fraction in lowest terms with a positive denominator. A result that does not fit 128 bits
/// throws `overBudget`; nothing is rounded.
struct Rational: Hashable {
  let numerator: Int128
  let denominator: Int128

  static let one = Rational(1)
  static let half = Rational(numerator: 1, denominator: 2)

  private init(numerator: Int128, denominator: Int128) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// -value. The smallest integer is no numerator, so every fraction has a negative.
  init(negating value: Rational) {
    self.init(numerator: -value.numerator, denominator: value.denominator)
  }

  /// An integer, not the smallest one.
  init(_ value: Int128) {
    numerator = value
    denominator = 1
  }

  /// The fraction; 0 as denominator throws `notNumeric`.
  init(_ numerator: Int128, over denominator: Int128) throws(ArithmeticFault) {
    guard denominator != 0 else { throw .notNumeric }
    // The smallest integer has no negation.
    guard numerator > .min, denominator > .min else { throw .digits }
    var (a, b) = (abs(numerator), abs(denominator))
    while b != 0 { (a, b) = (b, a % b) }
    self.numerator = (denominator < 0 ? -numerator : numerator) / a
    self.denominator = abs(denominator) / a
  }

  /// A number such as `12`, `.5`, `1.5e-3` or the repeating `0.1(6)`.
  init(decimal text: String) throws(ArithmeticFault) {
    if let block = text.firstIndex(of: "(") {
      // x = 0.1(6) is (16 - 1)/90: the digits with and without the block, over 9s and 0s.
      let before = text[..<block].split(separator: ".", omittingEmptySubsequences: false)
      let digits = text[block...].dropFirst().dropLast()
      guard before.count == 2, !digits.isEmpty else { throw .notNumeric }
      let rest = before[0] + before[1]
      let start = rest.isEmpty ? Rational(0) : try Rational(decimal: String(rest))
      let all = try Rational(decimal: String(rest + digits))
      let nines = try Rational(decimal: String(repeating: "9", count: digits.count))
      let shift = try Rational(decimal: "1e-\(before[1].count)")
      let difference = try all + Rational(negating: start)
      self = try difference * nines.inverse() * shift
      return
    }
    let parts = text.utf8.split(separator: UInt8(ascii: "e"), omittingEmptySubsequences: false)
    let digits = parts[0].filter { $0 != UInt8(ascii: ".") }
    guard !digits.isEmpty, parts.count <= 2 else { throw .notNumeric }
    var value: Int128 = 0
    for digit in digits {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { throw .notNumeric }
      value = try Self.product(value, 10)
      value = try Self.sum(value, Int128(digit - UInt8(ascii: "0")))
    }
    let point = parts[0].firstIndex(of: UInt8(ascii: "."))
    var exponent = point.map { 1 - parts[0].distance(from: $0, to: parts[0].endIndex) } ?? 0
    if parts.count == 2 {
      guard parts[1].count <= 4, let shift = Int(String(parts[1]) ?? "") else { throw .digits }
      exponent += shift
    }
    guard value != 0 else {
      self = Rational(0)
      return
    }
    guard abs(exponent) <= 38 else { throw .digits }
    var power: Int128 = 1
    for _ in 0..<abs(exponent) { power = try Self.product(power, 10) }
    self =
      exponent < 0
      ? try Rational(value, over: power) : Rational(try Self.product(value, power))
  }

  /// The integer, if it is one.
  var integer: Int128? { denominator == 1 ? numerator : nil }

  /// The largest integer that is not above it.
  var floor: Int128 {
    let quotient = numerator / denominator
    return quotient * denominator > numerator ? quotient - 1 : quotient
  }

  static func + (a: Rational, b: Rational) throws(ArithmeticFault) -> Rational {
    try Rational(
      sum(product(a.numerator, b.denominator), product(b.numerator, a.denominator)),
      over: product(a.denominator, b.denominator))
  }

  static func * (a: Rational, b: Rational) throws(ArithmeticFault) -> Rational {
    // Reducing crosswise first keeps the products small.
    let left = try Rational(a.numerator, over: b.denominator)
    let right = try Rational(b.numerator, over: a.denominator)
    return try Rational(
      product(left.numerator, right.numerator), over: product(left.denominator, right.denominator))
  }

  /// 1 / self; of 0 throws `notNumeric`.
  func inverse() throws(ArithmeticFault) -> Rational {
    try Rational(denominator, over: numerator)
  }

  private static func sum(_ a: Int128, _ b: Int128) throws(ArithmeticFault) -> Int128 {
    let (value, overflow) = a.addingReportingOverflow(b)
    if overflow { throw .digits }
    return value
  }

  private static func product(_ a: Int128, _ b: Int128) throws(ArithmeticFault) -> Int128 {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    if overflow { throw .digits }
    return value
  }
}

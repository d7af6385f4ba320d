// The regularised incomplete beta function and its inverse: the tails of Student's t and of the
// binomial distribution.
import Foundation

/// Iₓ(a, b), the distribution function of Beta(a, b).
package enum IncompleteBeta {
  /// Iₓ(a, b) for a, b > 0 and x clamped to 0...1; about 14 digits.
  ///
  /// Continued fraction (DLMF 8.17.22) by Lentz's method, on the side of the mean where it
  /// converges fast: Iₓ(a, b) = 1 − I₁₋ₓ(b, a).
  package static func value(_ x: Double, _ a: Double, _ b: Double) -> Double {
    value(x, complement: 1 - x, a, b)
  }

  /// The same with 1 − x given apart, for arguments next to 1.
  package static func value(
    _ x: Double, complement: Double, _ a: Double, _ b: Double
  ) -> Double {
    precondition(a > 0 && b > 0, "the incomplete beta function needs positive parameters")
    if x.isNaN { return .nan }
    if x <= 0 { return 0 }
    if complement <= 0 { return 1 }
    // xᵃ (1 − x)ᵇ / B(a, b)
    let front = exp(
      a * log(x) + b * log(complement) + lgamma(a + b) - lgamma(a) - lgamma(b))
    return x < (a + 1) / (a + b + 2)
      ? front * fraction(x, a, b) / a
      : 1 - front * fraction(complement, b, a) / b
  }

  /// The x with Iₓ(a, b) = probability, to the last bits, by bisection.
  package static func inverse(_ probability: Double, _ a: Double, _ b: Double) -> Double {
    bisect(low: 0, high: 1) { value($0, a, b) < probability }
  }

  /// The point where `isBelow` changes from true to false, exact to neighbouring numbers.
  static func bisect(low: Double, high: Double, isBelow: (Double) -> Bool) -> Double {
    var low = low
    var high = high
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return middle }
      if isBelow(middle) { low = middle } else { high = middle }
    }
  }

  /// The continued fraction 1/(1 + d₁/(1 + d₂/(1 + …))) of DLMF 8.17.22.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300  // Lentz's guard against a zero denominator
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var result = d
    // It converges in O(√max(a, b)) terms; the bound only stops a wrong argument.
    for m in 1...100_000 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var factor = 1.0
      for term in [even, odd] {
        d = 1 + term * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + term / c
        if abs(c) < tiny { c = tiny }
        factor = c * d
        result *= factor
      }
      if abs(factor - 1) < 1e-16 { break }
    }
    return result
  }
}

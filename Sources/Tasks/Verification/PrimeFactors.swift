// Prime factors of numbers of bounded size.

/// The factorization of a positive integer.
enum PrimeFactors {
  /// The primes of n ≥ 1 with their multiplicities. A number whose rest after division by all
  /// primes below 2¹⁶ is 2⁴⁸ or more throws `overBudget`.
  static func of(
    _ n: Int128, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> [UInt64: Int] {
    var rest = n
    var primes: [UInt64: Int] = [:]
    var divisor: Int128 = 2
    // A number without a divisor up to its cube root is 1, a prime, the square of a prime or a
    // product of two primes.
    while divisor * divisor * divisor <= rest {
      guard divisor < 1 << 16 else { throw .overBudget("a root of too large a number") }
      if divisor % 64 == 3 { try budget.spend() }
      while rest % divisor == 0 {
        rest /= divisor
        primes[UInt64(divisor), default: 0] += 1
      }
      divisor += divisor == 2 ? 1 : 2
    }
    for prime in try split(UInt64(rest), &budget) { primes[prime, default: 0] += 1 }
    return primes
  }

  /// The primes of a number below 2⁴⁸ that has at most two.
  private static func split(
    _ n: UInt64, _ budget: inout OperationBudget
  ) throws(ArithmeticFault) -> [UInt64] {
    if n == 1 { return [] }
    if isPrime(n) { return [n] }
    let root = UInt64(Double(n).squareRoot())
    for candidate in [root, root + 1] where candidate * candidate == n {
      return [candidate, candidate]
    }
    // Pollard's rho: x and y walk along one sequence modulo n, y twice as fast, until they meet
    // modulo one of the primes.
    for increment in UInt64(1)... {
      var (x, y, divisor) = (UInt64(2), UInt64(2), UInt64(1))
      while divisor == 1 {
        try budget.spend()
        x = (product(x, x, modulo: n) + increment) % n
        y = (product(y, y, modulo: n) + increment) % n
        y = (product(y, y, modulo: n) + increment) % n
        divisor = commonDivisor(x > y ? x - y : y - x, n)
      }
      if divisor < n { return [divisor, n / divisor] }
    }
    return []
  }

  /// The test of Miller and Rabin, which is exact below 3.4·10¹⁴ with these bases.
  private static func isPrime(_ n: UInt64) -> Bool {
    let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17]
    if let divisor = bases.first(where: { n % $0 == 0 }) { return n == divisor }
    let twos = (n - 1).trailingZeroBitCount
    for base in bases {
      var value = power(base, (n - 1) >> twos, modulo: n)
      var isWitness = value != 1 && value != n - 1
      for _ in 1..<max(twos, 1) where isWitness {
        value = product(value, value, modulo: n)
        if value == n - 1 { isWitness = false }
      }
      if isWitness { return false }
    }
    return true
  }

  private static func power(_ base: UInt64, _ exponent: UInt64, modulo n: UInt64) -> UInt64 {
    var (result, square, rest) = (UInt64(1), base % n, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = product(result, square, modulo: n) }
      square = product(square, square, modulo: n)
      rest >>= 1
    }
    return result
  }

  private static func product(_ a: UInt64, _ b: UInt64, modulo n: UInt64) -> UInt64 {
    n.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

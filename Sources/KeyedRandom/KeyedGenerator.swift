// A stream of numbers of one key, with the few distributions the package draws from.
import RealModule

/// Iterates over the counter of one key. The distributions are implemented here, since the standard
/// library may change how it converts bits to numbers.
public struct KeyedGenerator: Sendable, RandomNumberGenerator {
  private let key: RandomKey
  private var counter: UInt64 = 0
  private var spare: UInt64?

  init(key: RandomKey) {
    self.key = key
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let word = spare {
      spare = nil
      return word
    }
    let words = key.block(counter: counter, domain: .numbers)
    counter += 1
    spare = UInt64(words.z) | UInt64(words.w) << 32
    return UInt64(words.x) | UInt64(words.y) << 32
  }

  /// A uniform number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A uniform integer in 0..<bound, without bias (Lemire's multiplication with rejection).
  public mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0, "uniform(below:) needs a positive bound")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// True with the given probability.
  public mutating func bernoulli(_ probability: Double) -> Bool {
    uniform() < probability
  }

  /// A standard normal number (Marsaglia's polar method; the second of each pair is dropped so
  /// that the stream has no hidden state).
  public mutating func normal() -> Double {
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let s = u * u + v * v
      if s < 1, s > 0 { return u * normalScale(s) }
    }
  }

  /// Shuffles in place (Fisher-Yates from the end).
  public mutating func shuffle<Element>(_ values: inout [Element]) {
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, uniform(below: last + 1))
    }
  }
}

/// √(−2 ln s / s) of the polar method.
private func normalScale(_ s: Double) -> Double {
  (-2 * Double.log(s) / s).squareRoot()
}

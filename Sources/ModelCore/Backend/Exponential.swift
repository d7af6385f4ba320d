// The exponential, the error function and the hyperbolic tangent over rows: libm for Double, polynomials on eight lanes for Float.
//
// A loop over libm's expf takes about 1.7 ns per element, and its bits depend on the C library. The
// polynomial below takes a fifth of that and depends only on IEEE arithmetic.
import RealModule

/// exp(x) within 1.5 ulp for x in [-87.3, 88.3]; below, the result is 0 (softmax's masked scores).
///
/// Cephes' expf: x = n·ln 2 + r with |r| ≤ ln 2 / 2, exp(r) by a polynomial of degree six, times
/// 2ⁿ through the exponent's bits.
@inline(__always)
package func exponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
  let floored = x.replacing(with: -87.3, where: x .< -87.3)
  let clamped = floored.replacing(with: 88.3, where: floored .> 88.3)
  // Adding and subtracting 1.5·2²³ rounds to the nearest integer in every instruction set.
  let magic = SIMD8<Float>(repeating: 12_582_912)
  let biased = clamped * 1.442_695_04 + magic
  let n = biased - magic
  let r = (clamped - n * 0.693_359_375) - n * -2.121_944_4e-4  // ln 2 in two parts
  var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
  p = p * r + 8.333_451_9e-3
  p = p * r + 4.166_579_6e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_1e-1
  p = (p * r) * r + r + 1
  // The low bits of `biased` are n as an integer.
  let bits = unsafeBitCast(biased, to: SIMD8<Int32>.self) &<< 23
  let scaled = unsafeBitCast(
    unsafeBitCast(p, to: SIMD8<Int32>.self) &+ bits, to: SIMD8<Float>.self)
  return scaled.replacing(with: 0, where: x .< -87.3)
}

/// erf(x) within 2 ulp.
///
/// x · P(x²) for |x| < 1. Above, ±(1 − exp(−Q(|x|))) with Q for −log erfc, up to 4, where erf rounds to 1. P and Q are least
/// squares on Chebyshev nodes, reweighted until the largest relative error of erf is smallest (1.2e-9 in exact arithmetic).
@inline(__always)
package func errorFunction(_ x: SIMD8<Float>) -> SIMD8<Float> {
  let magnitude = x.replacing(with: -x, where: x .< 0)
  let s = x * x
  var p = s * 7.853_861_5e-5 - 8.010_193_7e-4
  p = p * s + 5.188_327_7e-3
  p = p * s - 2.685_381_3e-2
  p = p * s + 1.128_358_54e-1
  p = p * s - 3.761_262_6e-1
  p = p * s + 1.283_791_67e-1  // 2/√π − 1
  let small = x + x * p
  let t = magnitude.replacing(with: 4, where: magnitude .> 4)
  var q = t * -1.863_793e-4 + 2.947_659_5e-3
  q = q * t - 2.183_806_9e-2
  q = q * t + 1.031_067_7e-1
  q = q * t + 6.381_448_5e-1
  q = q * t + 1.127_089_1
  q = q * t + 3.415_213_7e-4
  let tail = 1 - exponential(-q)
  let large = tail.replacing(with: -tail, where: x .< 0)
  return large.replacing(with: small, where: magnitude .< 1)
}

/// tanh(x) within 2 ulp.
///
/// x + x³ P(x²) for x² < 1/2, with P as the polynomials of `errorFunction` (8e-10 in exact arithmetic). Above, ±(1 − 2 / (exp(2|x|) + 1)).
@inline(__always)
package func hyperbolicTangent(_ x: SIMD8<Float>) -> SIMD8<Float> {
  let magnitude = x.replacing(with: -x, where: x .< 0)
  let s = x * x
  var p = s * 1.872_754_8e-3 - 7.852_585e-3
  p = p * s + 2.155_585_2e-2
  p = p * s - 5.391_757e-2
  p = p * s + 1.333_295_1e-1
  p = p * s - 3.333_332_2e-1
  let small = x + x * (s * p)
  // From 10 on tanh rounds to 1.
  let t = magnitude.replacing(with: 10, where: magnitude .> 10)
  let tail = 1 - 2 / (exponential(t + t) + 1)
  let large = tail.replacing(with: -tail, where: x .< 0)
  return large.replacing(with: small, where: s .< 0.5)
}

/// Processes a row eight lanes at a time. The last step fills the missing lanes with `padding`.
@inline(__always)
private func forEachLane(
  _ row: UnsafePointer<Float>, count: Int, padding: Float,
  _ body: (_ index: Int, _ lanes: SIMD8<Float>, _ valid: Int) -> Void
) {
  var index = 0
  while index + 8 <= count {
    body(index, UnsafeRawPointer(row + index).loadUnaligned(as: SIMD8<Float>.self), 8)
    index += 8
  }
  guard index < count else { return }
  var lanes = SIMD8<Float>(repeating: padding)
  for lane in 0..<(count - index) { lanes[lane] = row[index + lane] }
  body(index, lanes, count - index)
}

@inline(__always)
private func store(_ lanes: SIMD8<Float>, to out: UnsafeMutablePointer<Float>, valid: Int) {
  if valid == 8 {
    UnsafeMutableRawPointer(out).storeBytes(of: lanes, as: SIMD8<Float>.self)
  } else {
    for lane in 0..<valid { out[lane] = lanes[lane] }
  }
}

extension FloatKernels {
  public static func exponentiate(
    _ row: UnsafeMutablePointer<Float>, count: Int, shift: Float
  ) -> Float {
    var sum = SIMD8<Float>.zero
    // Padding lanes hold −∞: they add exp(−∞) = 0 to the sum.
    forEachLane(row, count: count, padding: -.infinity) { index, lanes, valid in
      let e = exponential(lanes - shift)
      sum += e
      store(e, to: row + index, valid: valid)
    }
    return sum.sum()
  }

  public static func softmaxSums(
    _ row: UnsafePointer<Float>, count: Int, shift: Float
  ) -> (sum: Float, weighted: Float) {
    var sum = SIMD8<Float>.zero
    var weighted = SIMD8<Float>.zero
    // A probability of 0 adds nothing: −∞ would make 0 · ∞ in the weighted sum.
    forEachLane(row, count: count, padding: -.infinity) { _, lanes, _ in
      let distance = lanes - shift
      let x = distance.replacing(with: -1e30, where: distance .< -1e30)
      let e = exponential(x)
      sum += e
      weighted += e * x
    }
    return (sum.sum(), weighted.sum())
  }

  public static func sigmoid(
    _ row: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    forEachLane(row, count: count, padding: 0) { index, lanes, valid in
      store(1 / (1 + exponential(-lanes)), to: out + index, valid: valid)
    }
  }

  public static func hyperbolicTangent(
    _ row: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    forEachLane(row, count: count, padding: 0) { index, lanes, valid in
      store(ModelCore.hyperbolicTangent(lanes), to: out + index, valid: valid)
    }
  }

  public static func errorFunction(
    _ row: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    forEachLane(row, count: count, padding: 0) { index, lanes, valid in
      store(ModelCore.errorFunction(lanes), to: out + index, valid: valid)
    }
  }
}

extension DoubleKernels {
  public static func hyperbolicTangent(
    _ row: UnsafePointer<Double>, count: Int, into out: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count { out[index] = .tanh(row[index]) }
  }

  public static func errorFunction(
    _ row: UnsafePointer<Double>, count: Int, into out: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count { out[index] = .erf(row[index]) }
  }

  public static func exponentiate(
    _ row: UnsafeMutablePointer<Double>, count: Int, shift: Double
  ) -> Double {
    var sum = 0.0
    for index in 0..<count {
      row[index] = .exp(row[index] - shift)
      sum += row[index]
    }
    return sum
  }

  public static func softmaxSums(
    _ row: UnsafePointer<Double>, count: Int, shift: Double
  ) -> (sum: Double, weighted: Double) {
    var sum = 0.0
    var weighted = 0.0
    for index in 0..<count {
      let x = row[index] - shift
      let e = Double.exp(x)
      sum += e
      if e > 0 { weighted += e * x }  // not 0 · ∞
    }
    return (sum, weighted)
  }

  public static func sigmoid(
    _ row: UnsafePointer<Double>, count: Int, into out: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count { out[index] = 1 / (1 + .exp(-row[index])) }
  }
}

// Sums, dot products and maxima over rows. Strict IEEE sums never vectorise; these allow
// reassociation (swift-numerics' Relaxed), which is fixed by the build, not by the data.
import RealModule

/// Σ x·y in the scalar's own precision.
@inline(__always)
func dot<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
) -> Scalar {
  var sum = Scalar.zero
  for i in 0..<count { sum = Relaxed.multiplyAdd(x[i], y[i], sum) }
  return sum
}

/// Σ x·y with every product and sum in Double: for what is published.
@inline(__always)
package func wideDot<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
) -> Double {
  var sum = 0.0
  for i in 0..<count { sum = Relaxed.multiplyAdd(Double(x[i]), Double(y[i]), sum) }
  return sum
}

/// y += a·x
@inline(__always)
func addScaled<Scalar: ModelScalar>(
  _ a: Scalar, _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, count: Int
) {
  for i in 0..<count { y[i] += a * x[i] }
}

/// The largest element; −∞ for an empty row.
@inline(__always)
package func rowMaximum<Scalar: ModelScalar>(_ x: UnsafePointer<Scalar>, count: Int) -> Scalar {
  var lanes = SIMD8<Scalar>(repeating: -.infinity)
  var i = 0
  while i + 8 <= count {
    let next = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Scalar>.self)
    lanes.replace(with: next, where: next .> lanes)
    i += 8
  }
  var largest = -Scalar.infinity
  for lane in 0..<8 where lanes[lane] > largest { largest = lanes[lane] }
  while i < count {
    if x[i] > largest { largest = x[i] }
    i += 1
  }
  return largest
}

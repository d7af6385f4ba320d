// Sums, dot products and maxima over rows. Strict IEEE sums are never vectorised. These allow
// reassociation (swift-numerics' Relaxed); the order of the sum is fixed by the build and does not
// depend on the data.
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

/// Σ x·y with every product and sum in Double, for published numbers.
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
  Scalar.Kernels.maximum(x, count: count)
}

// Written separately for each type, since comparisons of a generic SIMD8 compile to one per lane.
extension FloatKernels {
  public static func maximum(_ row: UnsafePointer<Float>, count: Int) -> Float {
    var lanes = SIMD8<Float>(repeating: -.infinity)
    var i = 0
    while i + 8 <= count {
      let next = UnsafeRawPointer(row + i).loadUnaligned(as: SIMD8<Float>.self)
      lanes.replace(with: next, where: next .> lanes)
      i += 8
    }
    var largest = lanes.max()
    while i < count {
      if row[i] > largest { largest = row[i] }
      i += 1
    }
    return largest
  }
}

extension DoubleKernels {
  public static func maximum(_ row: UnsafePointer<Double>, count: Int) -> Double {
    var largest = -Double.infinity
    for i in 0..<count where row[i] > largest { largest = row[i] }
    return largest
  }
}

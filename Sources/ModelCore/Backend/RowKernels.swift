// Sums, dot products and maxima over rows.
//
// The compiler never vectorises a strict IEEE sum, and if it may reassociate one, the order depends on the instruction set.
// So the order is written down: four times eight partial sums. Their bits are the same in every build.

/// Eight neighbouring elements.
@inline(__always)
func lanes<Scalar: ModelScalar>(_ x: UnsafePointer<Scalar>) -> SIMD8<Scalar> {
  UnsafeRawPointer(x).loadUnaligned(as: SIMD8<Scalar>.self)
}

/// The same as Double. (A conversion of whole vectors compiles to one per lane.)
@inline(__always)
private func wideLanes<Scalar: ModelScalar>(_ x: UnsafePointer<Scalar>) -> SIMD8<Double> {
  SIMD8(
    Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]),
    Double(x[6]), Double(x[7]))
}

/// Σ of `count` terms: `eight` returns those from an index on, `one` that at an index.
@inline(__always)
func laneSum<Term: SIMDScalar & BinaryFloatingPoint>(
  count: Int, eight: (Int) -> SIMD8<Term>, one: (Int) -> Term
) -> Term {
  var sums = (SIMD8<Term>.zero, SIMD8<Term>.zero, SIMD8<Term>.zero, SIMD8<Term>.zero)
  var i = 0
  while i + 32 <= count {
    sums.0 += eight(i)
    sums.1 += eight(i + 8)
    sums.2 += eight(i + 16)
    sums.3 += eight(i + 24)
    i += 32
  }
  while i + 8 <= count {
    sums.0 += eight(i)
    i += 8
  }
  var sum = ((sums.0 + sums.1) + (sums.2 + sums.3)).sum()
  while i < count {
    sum += one(i)
    i += 1
  }
  return sum
}

/// Σ x·y in the scalar's own precision.
@inline(__always)
func dot<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
) -> Scalar {
  laneSum(count: count, eight: { lanes(x + $0) * lanes(y + $0) }, one: { x[$0] * y[$0] })
}

/// Σ x·y with every product and sum in Double, for published numbers.
@inline(__always)
package func wideDot<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
) -> Double {
  laneSum(
    count: count, eight: { wideLanes(x + $0) * wideLanes(y + $0) },
    one: { Double(x[$0]) * Double(y[$0]) })
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

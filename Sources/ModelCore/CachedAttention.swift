// Attention of one new query to the cached keys and values of its row.
//
// D head dimension, T cached positions. Keys are kept transposed, so that eight neighbouring
// positions are eight lanes. Sums stay in registers and go over d and over positions in order, each
// product rounded before it is added, so their bits do not depend on the width of the lanes.

/// Lanes of the sums that are kept at a time; rows of the key cache are padded to it.
package let cacheTile = 32

/// score_s = q · k_s for every position s < count, and for some after it, which mean nothing.
///
/// - Parameters:
///   - query: (D)
///   - keys: Transposed, rows of `stride`, a multiple of `cacheTile`. (D, stride)
///   - scores: Room for `count` rounded up to a multiple of `cacheTile`.
@inline(__always)
package func scoreCache<Scalar: ModelScalar>(
  _ query: UnsafePointer<Scalar>, dimension: Int, keys: UnsafePointer<Scalar>, stride: Int,
  count: Int, into scores: UnsafeMutablePointer<Scalar>
) {
  var first = 0
  while first < count {
    var sums = (SIMD8<Scalar>.zero, SIMD8<Scalar>.zero, SIMD8<Scalar>.zero, SIMD8<Scalar>.zero)
    for d in 0..<dimension {
      addLanes(query[d], keys + d * stride + first, to: &sums)
    }
    storeLanes(sums, to: scores + first)
    first += cacheTile
  }
}

/// out = Σ_s weight_s · v_s over positions s < count.
///
/// - Parameters:
///   - values: (count, D)
///   - out: (D)
@inline(__always)
package func mixCache<Scalar: ModelScalar>(
  _ weights: UnsafePointer<Scalar>, values: UnsafePointer<Scalar>, count: Int, dimension: Int,
  into out: UnsafeMutablePointer<Scalar>
) {
  var first = 0
  while first + cacheTile <= dimension {
    var sums = (SIMD8<Scalar>.zero, SIMD8<Scalar>.zero, SIMD8<Scalar>.zero, SIMD8<Scalar>.zero)
    for s in 0..<count {
      addLanes(weights[s], values + s * dimension + first, to: &sums)
    }
    storeLanes(sums, to: out + first)
    first += cacheTile
  }
  guard first < dimension else { return }
  (out + first).update(repeating: 0, count: dimension - first)
  for s in 0..<count {
    addScaled(
      weights[s], values + s * dimension + first, to: out + first, count: dimension - first)
  }
}

/// Four times eight neighbouring sums.
private typealias Sums<Scalar: ModelScalar> = (
  SIMD8<Scalar>, SIMD8<Scalar>, SIMD8<Scalar>, SIMD8<Scalar>
)

/// sums += a · x, `cacheTile` elements.
@inline(__always)
private func addLanes<Scalar: ModelScalar>(
  _ a: Scalar, _ x: UnsafePointer<Scalar>, to sums: inout Sums<Scalar>
) {
  let x = UnsafeRawPointer(x)
  let width = MemoryLayout<SIMD8<Scalar>>.size
  sums.0 += a * x.loadUnaligned(as: SIMD8<Scalar>.self)
  sums.1 += a * x.loadUnaligned(fromByteOffset: width, as: SIMD8<Scalar>.self)
  sums.2 += a * x.loadUnaligned(fromByteOffset: 2 * width, as: SIMD8<Scalar>.self)
  sums.3 += a * x.loadUnaligned(fromByteOffset: 3 * width, as: SIMD8<Scalar>.self)
}

@inline(__always)
private func storeLanes<Scalar: ModelScalar>(
  _ sums: Sums<Scalar>, to out: UnsafeMutablePointer<Scalar>
) {
  let out = UnsafeMutableRawPointer(out)
  let width = MemoryLayout<SIMD8<Scalar>>.size
  out.storeBytes(of: sums.0, as: SIMD8<Scalar>.self)
  out.storeBytes(of: sums.1, toByteOffset: width, as: SIMD8<Scalar>.self)
  out.storeBytes(of: sums.2, toByteOffset: 2 * width, as: SIMD8<Scalar>.self)
  out.storeBytes(of: sums.3, toByteOffset: 3 * width, as: SIMD8<Scalar>.self)
}

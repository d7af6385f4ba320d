// Attention of one new query to the cached keys and values of its row.
//
// D head dimension, T cached positions. Keys are stored transposed, so that eight neighbouring
// positions are the eight lanes of a vector. Sums stay in registers. They run over d and over
// positions in order, and each product is rounded before it is added, so their bits do not depend
// on the width of the vector.

/// Lanes of the sums that are kept at a time; rows of the key cache are padded to it.
package let cacheTile = 32

/// score_s = q · k_s for every position s < count. Some further elements are written and have no
/// meaning.
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

extension CPU {
  /// Stores the key and value heads of a position.
  ///
  /// - Parameters:
  ///   - heads: Query, key and value heads of the position. ((H + 2G)·D)
  ///   - cache: Keys, transposed (G, D, capacity), then values (G, capacity, D).
  static func cacheHeads<Scalar: ModelScalar>(
    _ heads: UnsafePointer<Scalar>, _ shape: HeadShape, at position: Int,
    in cache: UnsafeMutablePointer<Scalar>, capacity: Int
  ) {
    let dimension = shape.headDimension
    let groups = shape.keyValueHeadCount
    for group in 0..<groups {
      let key = heads + (shape.headCount + group) * dimension
      let keys = cache + group * dimension * capacity + position
      for d in 0..<dimension { keys[d * capacity] = key[d] }
      (cache + ((groups + group) * capacity + position) * dimension).update(
        from: key + groups * dimension, count: dimension)
    }
  }

  /// Stores each row's new key and value in its cache and attends to all of the row's positions.
  /// Rows that are not active are unchanged.
  ///
  /// - Parameters:
  ///   - heads: Query, key and value heads of the new positions. (B, (H + 2G)·D)
  ///   - cache: For each row its keys, transposed (G, D, capacity), then its values (G, capacity, D).
  ///   - window: How many positions a query sees, its own among them; nil for all.
  ///   - cap: Scores are c tanh(score / c); nil for scores as they are.
  ///   - scores: (capacity)
  ///   - out: (B, H·D)
  static func attendToCache<Scalar: ModelScalar>(
    _ heads: Matrix<Scalar>, _ shape: HeadShape, window: Int?, cap: Double?, positions: [Int32],
    active: [Bool],
    cache: UnsafeMutablePointer<Scalar>, capacity: Int, scores: UnsafeMutablePointer<Scalar>,
    into out: Matrix<Scalar>
  ) {
    let dimension = shape.headDimension
    let groups = shape.keyValueHeadCount
    let sharing = shape.headCount / groups
    let groupSize = dimension * capacity
    for row in 0..<heads.rows where active[row] {
      let keys = cache + row * 2 * groups * groupSize
      let values = keys + groups * groupSize
      let position = Int(positions[row])
      let count = position + 1
      // Scores are computed from a whole tile on; those before the window are not used.
      let unseen = window.map { max(0, count - $0) } ?? 0
      let start = unseen / cacheTile * cacheTile
      let seen = count - unseen
      let source = heads.row(row)
      cacheHeads(source, shape, at: position, in: keys, capacity: capacity)
      for group in 0..<groups {
        let keyCache = keys + group * groupSize  // (D, capacity)
        let valueCache = values + group * groupSize  // (capacity, D)
        for head in group * sharing..<(group + 1) * sharing {
          scoreCache(
            source + head * dimension, dimension: dimension, keys: keyCache + start,
            stride: capacity, count: count - start, into: scores)
          let weights = scores + (unseen - start)
          if let cap { softcap(weights, count: seen, cap: Scalar(cap)) }
          let maximum = rowMaximum(weights, count: seen)
          let normalizer = 1 / Scalar.Kernels.exponentiate(weights, count: seen, shift: maximum)
          for s in 0..<seen { weights[s] *= normalizer }
          mixCache(
            weights, values: valueCache + unseen * dimension, count: seen, dimension: dimension,
            into: out.row(row) + head * dimension)
        }
      }
    }
  }
}

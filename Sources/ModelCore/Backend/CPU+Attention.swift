// Causal self-attention of one sequence, forward and backward, without a stored T × T matrix.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// For query t and keys s ≤ t of a head (q already carries the factor 1/√D):
//   1. score_ts = q_t · k_s
//   2. P_ts = exp(score_ts − lse_t),  lse_t = log Σ_s exp(score_ts)
//   3. o_t = Σ_s P_ts v_s
// Backward, with δ_t = do_t · o_t:
//   3. dP_ts = do_t · v_s,  dv_s += Σ_t P_ts do_t
//   2. dscore_ts = P_ts (dP_ts − δ_t)
//   1. dq_t = Σ_s dscore_ts k_s,  dk_s += Σ_t dscore_ts q_t
// Queries are processed in tiles. The backward recomputes P from the stored lse (Dao et al.,
// 2205.14135), so memory grows with T and not with T². Gradients overwrite their outputs, except
// that the query heads of one key/value head accumulate in dk and dv.
// With a window of w a query sees the last w keys only, its own among them. With a cap c, score_ts = c tanh(q_t · k_s / c), and
// step 1 of the backward has dscore_ts (1 − (score_ts / c)²) in place of dscore_ts.

/// One sequence's rows of the query, key and value heads.
package struct AttentionHeads<Scalar: ModelScalar> {
  /// Rotated queries and keys: H then G heads of D. (T, (H + G) · D)
  let queryKey: Matrix<Scalar>
  /// Values: G heads of D. (T, G · D)
  let value: Matrix<Scalar>
  let headCount: Int
  let keyValueHeadCount: Int
  let headDimension: Int

  package init(
    queryKey: Matrix<Scalar>, value: Matrix<Scalar>, headCount: Int, keyValueHeadCount: Int,
    headDimension: Int
  ) {
    self.queryKey = queryKey
    self.value = value
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
  }

  func query(_ head: Int) -> Matrix<Scalar> { columns(of: queryKey, head) }
  func key(ofQuery head: Int) -> Matrix<Scalar> { columns(of: queryKey, headCount + shared(head)) }
  func value(ofQuery head: Int) -> Matrix<Scalar> { columns(of: value, shared(head)) }

  /// The columns of one head in a matrix whose rows contain several heads.
  func columns(of matrix: Matrix<Scalar>, _ head: Int) -> Matrix<Scalar> {
    matrix.columns(head * headDimension..<(head + 1) * headDimension)
  }

  /// The key/value head that a query head reads (grouped-query attention, 2305.13245).
  private func shared(_ head: Int) -> Int { head / (headCount / keyValueHeadCount) }
}

/// The number of queries in one tile of scores.
package let attentionTile = 128

/// The keys that a query sees: those up to itself, or the last ones of them.
@inline(__always)
private func visibleKeys(of query: Int, window: Int?) -> Range<Int> {
  let end = query + 1
  return (window.map { max(0, end - $0) } ?? 0)..<end
}

/// The keys that some query of a tile sees.
@inline(__always)
private func visibleKeys(ofTile tile: Range<Int>, window: Int?) -> Range<Int> {
  visibleKeys(of: tile.lowerBound, window: window).lowerBound..<tile.upperBound
}

/// Where the keys of a query stand among those of its tile.
@inline(__always)
private func places(_ visible: Range<Int>, in keys: Range<Int>) -> Range<Int> {
  visible.lowerBound - keys.lowerBound..<visible.upperBound - keys.lowerBound
}

/// Sets a row of scores (count) to 0 but for the keys that are seen.
@inline(__always)
private func clearUnseen<Scalar: ModelScalar>(
  _ row: UnsafeMutablePointer<Scalar>, but seen: Range<Int>, count: Int
) {
  for s in 0..<seen.lowerBound { row[s] = 0 }
  for s in seen.upperBound..<count { row[s] = 0 }
}

/// out (T, H·D) and lse (H, T); `scores` has room for attentionTile × T.
package func attention<Scalar: ModelScalar>(
  _ heads: AttentionHeads<Scalar>, window: Int? = nil, cap: Scalar? = nil, into out: Matrix<Scalar>,
  logSumExp: UnsafeMutablePointer<Scalar>, scores: UnsafeMutablePointer<Scalar>
) {
  let length = out.rows
  for head in 0..<heads.headCount {
    let query = heads.query(head)
    let key = heads.key(ofQuery: head)
    let value = heads.value(ofQuery: head)
    let headOut = heads.columns(of: out, head)
    for first in stride(from: 0, to: length, by: attentionTile) {
      let tile = first..<min(first + attentionTile, length)
      let keys = visibleKeys(ofTile: tile, window: window)
      let tileScores = Matrix(scores, rows: tile.count, columns: keys.count)
      // 1. scores; 2. softmax over the keys that each query may see, zero elsewhere
      CPU.multiply(query.rows(tile), transposed: key.rows(keys), into: tileScores)
      for t in tile {
        let row = tileScores.row(t - first)
        let seen = places(visibleKeys(of: t, window: window), in: keys)
        let p = row + seen.lowerBound
        if let cap { softcap(p, count: seen.count, cap: cap) }
        let maximum = rowMaximum(p, count: seen.count)
        let sum = Scalar.Kernels.exponentiate(p, count: seen.count, shift: maximum)
        let normalizer = 1 / sum
        for s in 0..<seen.count { p[s] *= normalizer }
        clearUnseen(row, but: seen, count: keys.count)
        logSumExp[head * length + t] = maximum + Scalar.log(sum)
      }
      // 3. o = P v
      CPU.multiply(tileScores, value.rows(keys), into: headOut.rows(tile))
    }
  }
}

/// dQueryKey and dValue (laid out as `heads`) from dOut; `scores` and `dScores` have room for
/// attentionTile × T each.
package func attentionBackward<Scalar: ModelScalar>(
  _ heads: AttentionHeads<Scalar>, window: Int? = nil, cap: Scalar? = nil, out: Matrix<Scalar>,
  dOut: Matrix<Scalar>,
  logSumExp: UnsafePointer<Scalar>, dHeads: AttentionHeads<Scalar>,
  scores: UnsafeMutablePointer<Scalar>, dScores: UnsafeMutablePointer<Scalar>
) {
  let length = out.rows
  let sharing = heads.headCount / heads.keyValueHeadCount
  for head in 0..<heads.headCount {
    let query = heads.query(head)
    let key = heads.key(ofQuery: head)
    let value = heads.value(ofQuery: head)
    let headOut = heads.columns(of: out, head)
    let dHeadOut = heads.columns(of: dOut, head)
    let dQuery = dHeads.query(head)
    let dKey = dHeads.key(ofQuery: head)
    let dValue = dHeads.value(ofQuery: head)
    if head % sharing == 0 {
      for t in 0..<length {
        dKey.row(t).update(repeating: 0, count: heads.headDimension)
        dValue.row(t).update(repeating: 0, count: heads.headDimension)
      }
    }
    for first in stride(from: 0, to: length, by: attentionTile) {
      let tile = first..<min(first + attentionTile, length)
      let keys = visibleKeys(ofTile: tile, window: window)
      let tileScores = Matrix(scores, rows: tile.count, columns: keys.count)
      let dTileScores = Matrix(dScores, rows: tile.count, columns: keys.count)
      // 1. and 2. again: P from the stored lse
      CPU.multiply(query.rows(tile), transposed: key.rows(keys), into: tileScores)
      // 3. dP = do vᵀ
      CPU.multiply(dHeadOut.rows(tile), transposed: value.rows(keys), into: dTileScores)
      for t in tile {
        let row = tileScores.row(t - first)
        let dRow = dTileScores.row(t - first)
        let delta = dot(dHeadOut.row(t), headOut.row(t), count: heads.headDimension)
        let seen = places(visibleKeys(of: t, window: window), in: keys)
        let (p, dp) = (row + seen.lowerBound, dRow + seen.lowerBound)
        for s in 0..<seen.count { dp[s] -= delta }
        if let cap {
          softcap(p, count: seen.count, cap: cap)
          softcapBackward(dp, capped: p, count: seen.count, cap: cap)
        }
        _ = Scalar.Kernels.exponentiate(
          p, count: seen.count, shift: logSumExp[head * length + t])
        for s in 0..<seen.count { dp[s] *= p[s] }
        clearUnseen(row, but: seen, count: keys.count)
        clearUnseen(dRow, but: seen, count: keys.count)
      }
      // 3. dv += Pᵀ do; 1. dq = dscore k, dk += dscoreᵀ q
      CPU.multiply(
        transposed: tileScores, dHeadOut.rows(tile), into: dValue.rows(keys), beta: 1)
      CPU.multiply(dTileScores, key.rows(keys), into: dQuery.rows(tile))
      CPU.multiply(transposed: dTileScores, query.rows(tile), into: dKey.rows(keys), beta: 1)
    }
  }
}

/// ȯ = Ṗ V + P V̇ of one sequence, with ṡ = q̇ kᵀ + q k̇ᵀ; `scores` and `dScores` as in the backward.
func attentionTangent<Scalar: ModelScalar>(
  _ heads: AttentionHeads<Scalar>, _ dHeads: AttentionHeads<Scalar>, window: Int? = nil,
  cap: Scalar? = nil,
  logSumExp: UnsafePointer<Scalar>, into dOut: Matrix<Scalar>,
  scores: UnsafeMutablePointer<Scalar>, dScores: UnsafeMutablePointer<Scalar>
) {
  let length = dOut.rows
  for head in 0..<heads.headCount {
    let out = heads.columns(of: dOut, head)
    for first in stride(from: 0, to: length, by: attentionTile) {
      let tile = first..<min(first + attentionTile, length)
      let keys = visibleKeys(ofTile: tile, window: window)
      let tileScores = Matrix(scores, rows: tile.count, columns: keys.count)
      let dTileScores = Matrix(dScores, rows: tile.count, columns: keys.count)
      let query = heads.query(head).rows(tile)
      let key = heads.key(ofQuery: head).rows(keys)
      CPU.multiply(query, transposed: key, into: tileScores)
      CPU.multiply(dHeads.query(head).rows(tile), transposed: key, into: dTileScores)
      CPU.multiply(
        query, transposed: dHeads.key(ofQuery: head).rows(keys), into: dTileScores, beta: 1)
      for t in tile {
        let row = tileScores.row(t - first)
        let dRow = dTileScores.row(t - first)
        let seen = places(visibleKeys(of: t, window: window), in: keys)
        let (p, dp) = (row + seen.lowerBound, dRow + seen.lowerBound)
        if let cap {
          softcap(p, count: seen.count, cap: cap)
          softcapBackward(dp, capped: p, count: seen.count, cap: cap)
        }
        _ = Scalar.Kernels.exponentiate(
          p, count: seen.count, shift: logSumExp[head * length + t])
        let mean = dot(p, dp, count: seen.count)
        for s in 0..<seen.count { dp[s] = p[s] * (dp[s] - mean) }
        clearUnseen(row, but: seen, count: keys.count)
        clearUnseen(dRow, but: seen, count: keys.count)
      }
      CPU.multiply(dTileScores, heads.value(ofQuery: head).rows(keys), into: out.rows(tile))
      CPU.multiply(
        tileScores, dHeads.value(ofQuery: head).rows(keys), into: out.rows(tile), beta: 1)
    }
  }
}

extension AttentionHeads {
  /// The heads of some rows.
  init(_ rows: Matrix<Scalar>, _ shape: HeadShape) {
    self.init(
      queryKey: rows.columns(0..<shape.queryKeyWidth),
      value: rows.columns(shape.queryKeyWidth..<shape.width), headCount: shape.headCount,
      keyValueHeadCount: shape.keyValueHeadCount, headDimension: shape.headDimension)
  }
}

extension CPU {
  /// Attention within each sequence: out (R, H·D) of heads (R, (H + 2G)·D).
  ///
  /// - Parameters:
  ///   - cap: Scores are c tanh(score / c); nil for scores as they are.
  ///   - sequences: Their rows.
  ///   - logSumExp: (H, T) of each sequence, concatenated. (R · H)
  ///   - scratch: 2 · attentionTile · longest sequence
  static func attend<Scalar: ModelScalar>(
    _ heads: Matrix<Scalar>, _ shape: HeadShape, window: Int?, cap: Double?,
    sequences: [Range<Int>],
    logSumExp: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>,
    into out: Matrix<Scalar>
  ) {
    for rows in sequences {
      attention(
        AttentionHeads(heads.rows(rows), shape), window: window, cap: cap.map { Scalar($0) },
        into: out.rows(rows),
        logSumExp: logSumExp + rows.lowerBound * shape.headCount, scores: scratch)
    }
  }

  /// dHeads (R, (H + 2G)·D) from dOut (R, H·D).
  static func attendBackward<Scalar: ModelScalar>(
    _ heads: Matrix<Scalar>, _ shape: HeadShape, window: Int?, cap: Double?,
    sequences: [Range<Int>],
    out: Matrix<Scalar>, dOut: Matrix<Scalar>, logSumExp: UnsafePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, dHeads: Matrix<Scalar>
  ) {
    for rows in sequences {
      attentionBackward(
        AttentionHeads(heads.rows(rows), shape), window: window, cap: cap.map { Scalar($0) },
        out: out.rows(rows),
        dOut: dOut.rows(rows),
        logSumExp: logSumExp + rows.lowerBound * shape.headCount,
        dHeads: AttentionHeads(dHeads.rows(rows), shape), scores: scratch,
        dScores: scratch + attentionTile * rows.count)
    }
  }

  /// The tangent of out (R, H·D) from the heads and theirs.
  static func attendTangent<Scalar: ModelScalar>(
    _ heads: Matrix<Scalar>, _ dHeads: Matrix<Scalar>, _ shape: HeadShape, window: Int?,
    cap: Double?, sequences: [Range<Int>], logSumExp: UnsafePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, into dOut: Matrix<Scalar>
  ) {
    for rows in sequences {
      attentionTangent(
        AttentionHeads(heads.rows(rows), shape), AttentionHeads(dHeads.rows(rows), shape),
        window: window, cap: cap.map { Scalar($0) },
        logSumExp: logSumExp + rows.lowerBound * shape.headCount,
        into: dOut.rows(rows),
        scores: scratch, dScores: scratch + attentionTile * rows.count)
    }
  }
}

// Inner products of batch vectors, and the noise-corrected statistics made of them.
//
// For vectors a, b over K batches that share no cluster:
//   S_ab = Σ_{k≠l} <a_k, b_l> / (K(K−1))   the signal: noise of different batches is independent
//   T_a  = Σ_k |a_k|² / K                  signal plus the noise of one batch
// G is of other rollouts, so all K² products with it are free of shared noise and S_uG is their mean.
// Every statistic is a function of such sums. To leave a batch out is to leave out a row and a column, so
// intervals are delete-one-batch jackknives. A signal may be so weak that its S is zero or negative. What
// is divided by a signal therefore has Fieller's interval, which covers however weak it is.
import Statistics

/// gram[a][b][k][l] = <a_k, b_l> of named vectors a, b and batches k, l.
public struct UpdateGram: Sendable {
  /// The names of the vectors, in the order of the first two axes.
  public let vectorNames: [String]
  /// K, the number of disjoint batches.
  public let batchCount: Int
  /// The products, flat: (vector a, vector b, batch k, batch l), the last fastest.
  public let values: [Double]  // (A, A, K, K)

  /// A Gram tensor; the count of values must be A·A·K·K, with at least 2 batches.
  public init(vectorNames: [String], batchCount: Int, values: [Double]) {
    precondition(batchCount >= 2, "products between batches need at least two batches")
    precondition(
      values.count == vectorNames.count * vectorNames.count * batchCount * batchCount,
      "a Gram tensor has vectors² × batches² values")
    precondition(
      Set(vectorNames).count == vectorNames.count, "the names of the vectors must be different")
    self.vectorNames = vectorNames
    self.batchCount = batchCount
    self.values = values
  }

  /// <u_k, v_l> of two combinations, K × K, row k.
  private func products(_ u: UpdateVector, _ v: UpdateVector) -> [Double] {
    var result = [Double](repeating: 0, count: batchCount * batchCount)
    for (first, uWeight) in terms(u) {
      for (second, vWeight) in terms(v) {
        let start = (first * vectorNames.count + second) * result.count
        for index in result.indices { result[index] += uWeight * vWeight * values[start + index] }
      }
    }
    return result
  }

  /// A combination's (vector index, coefficient), in the order of the vectors, so that sums do not
  /// depend on a dictionary's order.
  private func terms(_ vector: UpdateVector) -> [(Int, Double)] {
    let found = vectorNames.enumerated().compactMap { index, name in
      vector.coefficients[name].map { (index, $0) }
    }
    precondition(
      found.count == vector.coefficients.count, "\(vector.name) names a vector outside the Gram")
    return found
  }

  /// Whether it has all vectors of a combination.
  func has(_ vector: UpdateVector) -> Bool {
    vector.coefficients.keys.allSatisfy { vectorNames.contains($0) }
  }

  // MARK: - Sums over batches

  /// A sum over batches with its K delete-one values.
  struct BatchSum {
    /// Over all the batches.
    let value: Double
    /// Without batch k, for each k.
    let deleteOne: [Double]
  }

  /// S_uv with its delete-one values; with K = 2 these are NaN, for one batch has no other.
  func signal(_ u: UpdateVector, _ v: UpdateVector) -> BatchSum {
    let products = products(u, v)
    let isOfOneDraw = isHeldOut(u) == isHeldOut(v)
    func mean(without omitted: Int?) -> Double {
      let kept = (0..<batchCount).filter { $0 != omitted }
      var sum = 0.0
      for k in kept {
        for l in kept where !(isOfOneDraw && l == k) { sum += products[k * batchCount + l] }
      }
      return sum / Double(kept.count * (kept.count - (isOfOneDraw ? 1 : 0)))
    }
    return BatchSum(value: mean(without: nil), deleteOne: (0..<batchCount).map(mean))
  }

  private func isHeldOut(_ vector: UpdateVector) -> Bool {
    vector.coefficients.keys.contains(UpdateVector.heldOutGradient.name)
  }

  /// Σ_k <u_k, v_k> / K with its delete-one values; T_u for u = v.
  func total(_ u: UpdateVector, _ v: UpdateVector) -> BatchSum {
    let products = products(u, v)
    func mean(without omitted: Int?) -> Double {
      let kept = (0..<batchCount).filter { $0 != omitted }
      return kept.reduce(0) { $0 + products[$1 * batchCount + $1] } / Double(kept.count)
    }
    return BatchSum(value: mean(without: nil), deleteOne: (0..<batchCount).map(mean))
  }

  /// The jackknife interval of a function of batch sums.
  private func interval(of sums: [BatchSum], _ statistic: ([Double]) -> Double) -> Interval {
    Jackknife.interval(
      estimate: statistic(sums.map(\.value)),
      deleteOne: (0..<batchCount).map { k in statistic(sums.map { $0.deleteOne[k] }) })
  }

  /// Fieller's interval of a ratio of two functions of batch sums.
  private func ratio(
    of sums: [BatchSum], _ numerator: ([Double]) -> Double, to denominator: ([Double]) -> Double
  ) -> Interval {
    let values = sums.map(\.value)
    return Jackknife.ratio(
      numerator: numerator(values), denominator: denominator(values),
      deleteOne: (0..<batchCount).map { k in
        let values = sums.map { $0.deleteOne[k] }
        return (numerator(values), denominator(values))
      })
  }

  /// The length that belongs to a squared one, 0 for an estimate below 0.
  private func length(_ squared: Double) -> Double { max(0, squared).squareRoot() }

  // MARK: - Statistics

  /// S_uv, the inner product of the expected vectors.
  public func signal(_ u: UpdateVector, _ v: UpdateVector) -> Interval {
    interval(of: [signal(u, v)]) { $0[0] }
  }

  /// T_u, the mean squared length of a batch's vector.
  public func total(_ u: UpdateVector) -> Interval {
    interval(of: [total(u, u)]) { $0[0] }
  }

  /// Σ_k <p_k, u_k> / Σ_k |u_k|²: the fraction of a batch vector's squared norm that a part of it makes,
  /// noise included.
  public func share(of part: UpdateVector, in u: UpdateVector) -> Interval {
    interval(of: [total(part, u), total(u, u)]) { $0[0] / $0[1] }
  }

  /// S_uu / T_u, the fraction of a batch gradient's squared norm that reproduces in another batch. It
  /// depends on the batch size. It is not clipped: near zero an estimate may be negative.
  public func reliability(_ u: UpdateVector) -> Interval {
    interval(of: [signal(u, u), total(u, u)]) { $0[0] / $0[1] }
  }

  /// (Σ_k <u_k, v_k>/K) / √(T_u T_v): too large, because vectors of one batch share noise.
  public func sameBatchCosine(_ u: UpdateVector, _ v: UpdateVector) -> Interval {
    interval(of: [total(u, v), total(u, u), total(v, v)]) { $0[0] / ($0[1] * $0[2]).squareRoot() }
  }

  /// S_uv / √(T_u T_v): too small in magnitude, because of the noise in both norms.
  public func crossBatchCosine(_ u: UpdateVector, _ v: UpdateVector) -> Interval {
    interval(of: [signal(u, v), total(u, u), total(v, v)]) { $0[0] / ($0[1] * $0[2]).squareRoot() }
  }

  /// S_uv / √(S_uu S_vv), the cosine of the expected vectors; not clipped to ±1.
  ///
  /// The estimate is NaN where S_uu or S_vv is not positive, and the interval unbounded where either may
  /// be zero: a direction that is indistinguishable from noise may have any cosine.
  public func correctedCosine(_ u: UpdateVector, _ v: UpdateVector) -> Interval {
    if u.coefficients == v.coefficients { return Interval(estimate: 1, low: 1, high: 1) }
    return ratio(of: [signal(u, v), signal(u, u), signal(v, v)]) {
      $0[0]
    } to: {
      length($0[1]) * length($0[2])
    }
  }

  /// S_dd / (S_cc + S_dd), the fraction of a one-sided update (C ± D)/2 that ignores the rewards' signs.
  ///
  /// Not clipped. The interval is unbounded where S_cc + S_dd may be zero.
  public func driftShare(contrast c: UpdateVector, drift d: UpdateVector) -> Interval {
    ratio(of: [signal(c, c), signal(d, d)]) {
      $0[1]
    } to: {
      $0[0] + $0[1]
    }
  }

  /// e∞ = (S_uG/√S_uu) / (S_RG/√S_RR): the predicted held-out gain of rule u relative to rule R at
  /// equal step length, free of batch noise.
  ///
  /// G is the policy gradient, of held-out rollouts if there are any. Drawn from the same pool (G = R =
  /// C_c, products between different batches only), e∞ is the corrected cosine of u with C_c. In another
  /// metric u and R are preconditioned and G is raw. The estimate is NaN where S_uu or S_RG is not
  /// positive, and the interval unbounded where either may be zero.
  public func efficiency(
    _ u: UpdateVector, gradient g: UpdateVector, reference r: UpdateVector
  ) -> Interval {
    efficiency(u, g, r, lengths: (signal(u, u), signal(r, r)))
  }

  /// e_B = (S_uG/√T_u) / (S_RG/√T_R): the same for one batch of this size, whose noise also takes
  /// up step length; e_B = e∞ √(reliability_u / reliability_R). Unbounded where S_RG may be zero.
  public func batchEfficiency(
    _ u: UpdateVector, gradient g: UpdateVector, reference r: UpdateVector
  ) -> Interval {
    efficiency(u, g, r, lengths: (total(u, u), total(r, r)))
  }

  /// (S_uG/|u|) / (S_RG/|R|) as the ratio of S_uG |R| to S_RG |u|.
  private func efficiency(
    _ u: UpdateVector, _ g: UpdateVector, _ r: UpdateVector, lengths: (u: BatchSum, r: BatchSum)
  ) -> Interval {
    if u.coefficients == r.coefficients { return Interval(estimate: 1, low: 1, high: 1) }
    return ratio(of: [signal(u, g), lengths.u, signal(r, g), lengths.r]) {
      $0[0] * length($0[3])
    } to: {
      $0[2] * length($0[1])
    }
  }
}

// Log-probabilities and entropies of the scored tokens, and the backward through the softmax.
//
// With logits l_v = f · w_v, maximum m, s = Σ exp(l_v − m):
//   log π(y) = l_y − lse,  lse = m + log s
//   entropy  = log s − Σ (l_v − m) exp(l_v − m) / s
//   d log π(y) / d l_v = [v = y] − exp(l_v − lse)
// Capped logits l = c tanh(z / c) have d log π(y) / d z_v = (1 − (l_v / c)²) d log π(y) / d l_v.
// The vocabulary is processed in tiles, so that no full M × V matrix exists for a large vocabulary.

import RealModule

/// Running softmax statistics of one row over vocabulary tiles (Milakov & Gimelshein, 1805.02867).
package struct RunningSoftmax {
  var maximum = -Double.infinity
  /// Σ exp(l − maximum)
  var sum = 0.0
  /// Σ (l − maximum) exp(l − maximum)
  var weighted = 0.0

  package init() {}

  /// Adds one tile of a row's logits.
  @inline(__always)
  package mutating func add<Scalar: ModelScalar>(_ logits: UnsafePointer<Scalar>, count: Int) {
    let tileMaximum = rowMaximum(logits, count: count)
    let tile = Scalar.Kernels.softmaxSums(logits, count: count, shift: tileMaximum)
    let tileSum = Double(tile.sum)
    let tileWeighted = Double(tile.weighted)
    let newMaximum = max(maximum, Double(tileMaximum))
    // Moving the maximum by d ≤ 0 takes s to s·eᵈ and w to eᵈ (w + d s).
    let d = sum == 0 ? 0 : maximum - newMaximum
    let tileD = Double(tileMaximum) - newMaximum
    weighted =
      Double.exp(d) * (weighted + d * sum)
      + Double.exp(tileD) * (tileWeighted + tileD * tileSum)
    sum = Double.exp(d) * sum + Double.exp(tileD) * tileSum
    maximum = newMaximum
  }

  package var logSumExp: Double { maximum + .log(sum) }
  /// In nats.
  package var entropy: Double { .log(sum) - weighted / sum }
}

/// The results of a forward pass for each scored token, in the order of the scored rows.
public struct TokenScores: Sendable {
  /// log π(y_t | context, y_<t) in nats.
  public internal(set) var logProbabilities: [Double]
  /// Entropy of π(· | context, y_<t) in nats.
  public internal(set) var entropies: [Double]
}

/// Turns a tile of one row's logits into coefficient · d log π(y) / d logits, in place; capped ones into that of the logits
/// before the cap.
@inline(__always)
package func logSoftmaxBackward<Scalar: ModelScalar>(
  _ logits: UnsafeMutablePointer<Scalar>, vocabulary: Range<Int>, target: Int,
  logSumExp: Scalar, coefficient: Scalar, cap: Scalar? = nil
) {
  guard let cap else {
    return uncappedBackward(
      logits, vocabulary: vocabulary, target: target, logSumExp: logSumExp,
      coefficient: coefficient)
  }
  withUnsafeTemporaryAllocation(of: Scalar.self, capacity: vocabulary.count) { copy in
    guard let capped = copy.baseAddress else { return }
    capped.update(from: logits, count: vocabulary.count)
    uncappedBackward(
      logits, vocabulary: vocabulary, target: target, logSumExp: logSumExp,
      coefficient: coefficient)
    softcapBackward(logits, capped: capped, count: vocabulary.count, cap: cap)
  }
}

@inline(__always)
private func uncappedBackward<Scalar: ModelScalar>(
  _ logits: UnsafeMutablePointer<Scalar>, vocabulary: Range<Int>, target: Int,
  logSumExp: Scalar, coefficient: Scalar
) {
  _ = Scalar.Kernels.exponentiate(logits, count: vocabulary.count, shift: logSumExp)
  for v in 0..<vocabulary.count { logits[v] *= -coefficient }
  if vocabulary.contains(target) { logits[target - vocabulary.lowerBound] += coefficient }
}

extension CPU {
  /// Adds a tile of logits (M, tile) to each row's running softmax and extracts the targets'
  /// logits.
  static func scoreTile<Scalar: ModelScalar>(
    _ logits: Matrix<Scalar>, vocabulary: Range<Int>, targets: [Int32],
    into running: inout [RunningSoftmax], targetLogits: inout [Double]
  ) {
    for index in 0..<logits.rows {
      let row = logits.row(index)
      running[index].add(row, count: vocabulary.count)
      let target = Int(targets[index])
      if vocabulary.contains(target) {
        targetLogits[index] = Double(row[target - vocabulary.lowerBound])
      }
    }
  }

  /// Turns a tile of logits (M, tile) into coefficient · d log π(target) / d logits, in place; with a cap, of the logits before
  /// it.
  static func scoreTileBackward<Scalar: ModelScalar>(
    _ logits: Matrix<Scalar>, vocabulary: Range<Int>, targets: [Int32], logSumExps: [Double],
    coefficients: [Scalar], cap: Double?
  ) {
    for m in 0..<logits.rows {
      logSoftmaxBackward(
        logits.row(m), vocabulary: vocabulary, target: Int(targets[m]),
        logSumExp: Scalar(logSumExps[m]), coefficient: coefficients[m], cap: cap.map { Scalar($0) })
    }
  }

  /// Adds a tile's part of d log π(y) = l̇_y − Σ_v π(v) l̇_v; overwrites the logits. (M)
  static func scoreTileTangent<Scalar: ModelScalar>(
    _ logits: Matrix<Scalar>, _ dLogits: Matrix<Scalar>, vocabulary: Range<Int>,
    targets: [Int32], logSumExps: [Double], into derivatives: inout [Double]
  ) {
    for m in 0..<logits.rows {
      let p = logits.row(m)
      let shift = Scalar(logSumExps[m])
      _ = Scalar.Kernels.exponentiate(p, count: vocabulary.count, shift: shift)
      derivatives[m] -= wideDot(p, dLogits.row(m), count: vocabulary.count)
      let target = Int(targets[m])
      if vocabulary.contains(target) {
        derivatives[m] += Double(dLogits.row(m)[target - vocabulary.lowerBound])
      }
    }
  }
}

// The `mixture` control: the true marginal over the run's own prompts, and its gradient.
//
// log p(y) = log Σ_x π(y|x) / X over X prompts; ∇ log p(y) = Σ_x w_x ∇ log π(y|x) with the
// posterior w = softmax_x log π(y|x). Nearly all of the posterior is usually on y's own prompt. So
// the null-context log-probability does not estimate this marginal.
import ModelCore
import RealModule

/// ∇ log p(y) of the mixture over the file's distinct prompts, in place of g_m.
public struct Mixture: SampleControl {
  public static let name = "mixture"
  public static let summary = "the true marginal over the file's own prompts"
  public let entries = [(name: "", title: "mixture over the file's prompts")]

  /// The largest number of prompts for which the control is measured.
  static let limit = 512

  private let plan: AlignmentPlan
  /// The distinct prompts, in order of first appearance.
  private let prompts: [[Int32]]

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
    var seen = Set<[Int32]>()
    prompts = plan.rollouts.map(\.promptTokens).filter { seen.insert($0).inserted }
    guard prompts.count <= Self.limit else {
      throw ControlObstacle(
        "there are \(prompts.count) distinct prompts (at most \(Self.limit))")
    }
  }

  public var longestContext: Int { prompts.map(\.count).max() ?? 0 }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    [
      aligner.meter.measureMixture(
        of: plan.rollouts[index].responseTokens, own: plan.rollouts[index].promptTokens,
        over: prompts, firstScored: plan.firstScored)
    ]
  }
}

extension PairMeter {
  /// Prompts with a smaller posterior weight are left out of the gradient; their part is below the
  /// resolution of Float.
  private static var smallestWeight: Double { 1e-9 }

  /// The row with ∇ log p(y) of the mixture in place of g_m.
  fileprivate func measureMixture(
    of response: [Int32], own prompt: [Int32], over prompts: [[Int32]], firstScored: Int
  ) -> PairSummary {
    // A fixed number of prompts at a time: memory does not grow with their number.
    let chunk = 16
    var logs: [[Double]] = []  // (X, T)
    for first in stride(from: 0, to: prompts.count, by: chunk) {
      var batch = PackedSequences()
      for other in prompts[first..<min(first + chunk, prompts.count)] {
        batch.append(
          ScoredSequence(context: other, response: response, firstScored: firstScored))
      }
      let scores = workspace.score(batch)
      for sequence in 0..<batch.sequenceCount {
        logs.append(
          Array(
            scores.logProbabilities[batch.scored(ofSequences: sequence..<sequence + 1)]))
      }
    }
    let weights = softmax(logs.map { $0.reduce(0, +) })
    let kept = weights.indices.filter { weights[$0] > Self.smallestWeight }

    var batch = PackedSequences()
    batch.beginSide()
    for place in kept {
      batch.append(
        ScoredSequence(
          context: prompts[place], response: response, firstScored: firstScored))
    }
    batch.beginSide()
    batch.append(
      ScoredSequence(
        context: prompt, response: response, firstScored: firstScored))
    let scores = workspace.score(batch)
    let count = response.count - firstScored
    let unit = coefficient(count)
    let products = workspace.gradientProducts(
      coefficients: kept.flatMap { Array(repeating: Scalar(weights[$0]) * unit, count: count) }
        + Array(repeating: unit, count: count),
      method: method)
    return PairSummary(
      innerProduct: products.innerProducts.reduce(0, +),
      squaredNormMarginal: products.squaredNormsOfFirst.reduce(0, +),
      squaredNormConditional: products.squaredNormsOfSecond.reduce(0, +),
      logMarginal: tokenLogs(logs), logConditional: Array(scores.logProbabilities.suffix(count)),
      scoredCount: count, reduction: reduction)
  }

  /// log p(y_t | y_<t) of the mixture: differences of log Σ_x exp Σ_{s≤t} log π(y_s | x, y_<s).
  private func tokenLogs(_ logs: [[Double]]) -> [Double] {
    var sums = [Double](repeating: 0, count: logs.count)
    var before = Double.log(Double(logs.count))  // minus log 1/X
    return (logs.first ?? []).indices.map { t in
      for x in logs.indices { sums[x] += logs[x][t] }
      let maximum = sums.max() ?? 0
      let now = maximum + .log(sums.reduce(0) { $0 + .exp($1 - maximum) })
      defer { before = now }
      return now - before
    }
  }

  private func softmax(_ values: [Double]) -> [Double] {
    let maximum = values.max() ?? 0
    let exponentials = values.map { Double.exp($0 - maximum) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}

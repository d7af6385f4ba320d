// The `breakdown` control: the main pair restricted to parts of the tokens, rollouts or parameters.
//
// A bin restricts both gradients to its tokens. They are divided by the full T, so that the
// gradients of all bins of one kind add up to the full gradient. Reward bins contain whole
// rollouts, and one bin excludes the embedding's parameters.
import ModelCore
import RealModule

/// The main pair by reward, position, probability and entropy, and without the embedding.
public struct Breakdown: SampleControl {
  public static let name = "breakdown"
  public static let summary =
    "the pair by reward, position, probability, entropy, without embedding"
  public static let continuesMainPair = true

  private let plan: AlignmentPlan

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
  }

  public var entries: [(name: String, title: String)] {
    BreakdownBin.allCases.map { ($0.name, $0.title) }
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main pair: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    let reduction = plan.options.reduction
    let whole = pair.summary(reduction)
    let reward = plan.rollouts[index].reward
    return BreakdownBin.allCases.map { bin in
      switch bin {
      case .rewardPositive: reward.map { $0 > 0 } == true ? whole : .undefined
      case .rewardNotPositive: reward.map { $0 <= 0 } == true ? whole : .undefined
      case .withoutEmbedding: withoutEmbedding(pair, aligner.model.layout).summary(reduction)
      case .position, .probability, .entropy: tokens(of: bin, pair, aligner)
      }
    }
  }

  private func withoutEmbedding(
    _ pair: PairMeasurement, _ layout: ParameterLayout
  ) -> PairMeasurement {
    var rest = pair
    for group in layout.embeddingGroups {
      rest.innerProducts[group] = 0
      rest.squaredNormsMarginal[group] = 0
      rest.squaredNormsConditional[group] = 0
    }
    return rest
  }

  /// The row of a bin: both gradients restricted to its tokens.
  private func tokens<Scalar: ModelScalar>(
    of bin: BreakdownBin, _ pair: PairMeasurement, _ aligner: SampleAligner<Scalar>
  ) -> PairSummary {
    let firstScored = pair.logMarginal.count - pair.scoredCount
    let members = (firstScored..<pair.logMarginal.count).map { position in
      bin.contains(
        position: position, logConditional: pair.logConditional[position],
        entropyConditional: pair.entropyConditional[position]) ?? false
    }
    let products = aligner.meter.restricted(members)
    func kept(_ values: [Double]) -> [Double] {
      zip(values.dropFirst(firstScored), members).map { $1 ? $0 : .nan }
    }
    let count = members.count { $0 }
    guard count > 0 else { return .undefined }
    return PairSummary(
      innerProduct: products.inner, squaredNormMarginal: products.marginal,
      squaredNormConditional: products.conditional, logMarginal: kept(pair.logMarginal),
      logConditional: kept(pair.logConditional), scoredCount: count,
      reduction: plan.options.reduction)
  }
}

/// A part of a rollout's gradient: some of its tokens, rollouts of one reward sign, or all
/// parameters except the embedding.
enum BreakdownBin: Sendable, Equatable {
  case rewardPositive
  case rewardNotPositive
  case position(Range<Int>)
  /// By π(y_t | x, ·).
  case probability(Range<Double>)
  /// By the conditional entropy in nats.
  case entropy(Range<Double>)
  case withoutEmbedding

  /// Bins of one kind are disjoint and cover every token, so their gradients add up to the whole.
  static let allCases: [BreakdownBin] =
    [.rewardPositive, .rewardNotPositive]
    + [0..<3, 3..<8, 8..<16, 16..<Int.max].map { .position($0) }
    + zip([0, 0.1, 0.5, 0.9], [0.1, 0.5, 0.9, .infinity]).map { .probability($0..<$1) }
    + zip([-Double.infinity, 0.01, 0.1, 0.5, 1], [0.01, 0.1, 0.5, 1, .infinity]).map {
      .entropy($0..<$1)
    }
    + [.withoutEmbedding]

  var name: String {
    switch self {
    case .rewardPositive: "reward > 0"
    case .rewardNotPositive: "reward <= 0"
    case .position(let range):
      range.upperBound == .max
        ? "position \(range.lowerBound)+" : "position \(range.lowerBound)-\(range.upperBound - 1)"
    case .probability(let range):
      range.upperBound == .infinity
        ? "probability \(range.lowerBound)-1"
        : "probability \(range.lowerBound)-\(range.upperBound)"
    case .entropy(let range):
      range.lowerBound == -.infinity
        ? "entropy < \(range.upperBound)"
        : range.upperBound == .infinity
          ? "entropy >= \(range.lowerBound)"
          : "entropy \(range.lowerBound)-\(range.upperBound)"
    case .withoutEmbedding: "without embedding"
    }
  }

  var title: String {
    switch self {
    case .rewardPositive, .rewardNotPositive: "rollouts with \(name)"
    case .position, .probability, .entropy: "tokens with \(name)"
    case .withoutEmbedding: "all parameters but the embedding"
    }
  }

  /// Whether a token belongs to a token bin; nil for the other kinds.
  func contains(position: Int, logConditional: Double, entropyConditional: Double) -> Bool? {
    switch self {
    case .position(let range): range.contains(position)
    case .probability(let range): range.contains(Double.exp(logConditional))
    case .entropy(let range): range.contains(entropyConditional)
    case .rewardPositive, .rewardNotPositive, .withoutEmbedding: nil
    }
  }
}

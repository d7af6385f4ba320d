// Everything the update control publishes, computed from one Gram tensor.
import Statistics

/// The statistics of all rules: per vector, per pair, the drift shares and the efficiencies.
public struct UpdateStatistics: Sendable {
  /// One basis vector or rule by itself.
  public struct Vector: Sendable {
    /// The vector's name.
    public let name: String
    /// S_uu.
    public let signal: Interval
    /// T_u.
    public let total: Interval
    /// S_uu / T_u.
    public let reliability: Interval
    /// e∞ against RL.
    public let efficiency: Interval
    /// e_B against RL.
    public let batchEfficiency: Interval
    /// The fraction of its squared norm that the first tokens of responses make; NaN in other metrics than
    /// `raw`.
    public let firstTokenShare: Interval
  }

  /// Two vectors.
  public struct Pair: Sendable {
    /// The first vector's name.
    public let first: String
    /// The second vector's name.
    public let second: String
    /// The cosine within batches.
    public let sameBatchCosine: Interval
    /// The cosine between batches.
    public let crossBatchCosine: Interval
    /// The noise-corrected cosine.
    public let correctedCosine: Interval
  }

  /// What is compared.
  public let metric: UpdateControl.Metric
  /// One entry per vector, in the order given.
  public let vectors: [Vector]
  /// Every unordered pair of different vectors, by first then second.
  public let pairs: [Pair]
  /// S_DD/(S_CC + S_DD) in the null-context space.
  public let driftShareMarginal: Interval
  /// The same in prompt space.
  public let driftShareConditional: Interval

  /// The statistics of the rules in a metric.
  ///
  /// G of the efficiencies is raw, whatever the metric: that of held-out rollouts where the Gram has it,
  /// else C_c of the same batches, with which the raw e∞ is the corrected cosine with C_c. Without first
  /// tokens, too, rules are compared with RL that has them.
  public init(
    gram: UpdateGram, metric: UpdateControl.Metric = .raw,
    rules: [UpdateVector] = UpdateVector.rules
  ) {
    self.metric = metric
    let own = rules.map(metric.vector)
    func basis(_ name: String) -> UpdateVector { metric.vector(UpdateVector(basis: name)) }
    let reference = metric.withAllTokens.vector(UpdateVector(basis: "C_c"))
    let heldOut = UpdateVector.heldOutGradient
    let gradient =
      gram.vectorNames.contains(heldOut.name) ? heldOut : UpdateVector(basis: "C_c")
    self.vectors = own.map { vector in
      Vector(
        name: vector.name, signal: gram.signal(vector, vector), total: gram.total(vector),
        reliability: gram.reliability(vector),
        efficiency: gram.efficiency(vector, gradient: gradient, reference: reference),
        batchEfficiency: gram.batchEfficiency(vector, gradient: gradient, reference: reference),
        firstTokenShare: metric == .raw && gram.has(vector.firstTokenPart)
          ? gram.share(of: vector.firstTokenPart, in: vector) : .undefined)
    }
    var pairs: [Pair] = []
    for (index, first) in own.enumerated() {
      for second in own[(index + 1)...] {
        pairs.append(
          Pair(
            first: first.name, second: second.name,
            sameBatchCosine: gram.sameBatchCosine(first, second),
            crossBatchCosine: gram.crossBatchCosine(first, second),
            correctedCosine: gram.correctedCosine(first, second)))
      }
    }
    self.pairs = pairs
    driftShareMarginal = gram.driftShare(contrast: basis("C_m"), drift: basis("D_m"))
    driftShareConditional = gram.driftShare(contrast: basis("C_c"), drift: basis("D_c"))
  }

  /// Corrected cosines of all pairs of vectors, row-major; 1 of a vector with itself.
  public var cosineMatrix: [Interval] {
    let count = vectors.count
    var matrix = [Interval](
      repeating: Interval(estimate: 1, low: 1, high: 1), count: count * count)
    let places = Dictionary(
      uniqueKeysWithValues: vectors.enumerated().map { ($0.element.name, $0.offset) })
    for pair in pairs {
      guard let a = places[pair.first], let b = places[pair.second] else { continue }
      matrix[a * count + b] = pair.correctedCosine
      matrix[b * count + a] = pair.correctedCosine
    }
    return matrix
  }
}

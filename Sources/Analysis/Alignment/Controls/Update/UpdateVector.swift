// The updates that the training rules make, as combinations of a few batch vectors.
//
// Per batch k and space (_m null context, _c conditional): C = Σ A_i g_i / N, D = Σ |A_i| g_i / N,
// U = Σ g_i / N, with one N = Σ T_i for all. So Σ over A < 0 of A_i g_i is (C − D)/2, and Σ over
// A > 0 is (C + D)/2: a rule never needs gradients of its own. Nor does a rule that does not score the
// first token of a response: it is the rule less the same sums over first tokens alone.

/// A named linear combination of the basis vectors of an `UpdateGram`.
public struct UpdateVector: Sendable, Hashable {
  /// The name in reports, such as "NSR-PreRL".
  public let name: String
  /// Basis vector name → coefficient.
  public let coefficients: [String: Double]

  /// A combination by name.
  public init(_ name: String, _ coefficients: [String: Double]) {
    self.name = name
    self.coefficients = coefficients
  }

  /// One basis vector by itself.
  public init(basis name: String) {
    self.init(name, [name: 1])
  }

  /// The six basis vectors, in the order of the files.
  public static let basisNames = ["C_m", "D_m", "U_m", "C_c", "D_c", "U_c"]

  /// The mark of a sum over the first tokens of responses alone.
  static let firstToken = "first:"

  /// The mark of a sum, or of a rule, whose advantages are the plan's others (`OtherAdvantages`).
  public static let otherMark = "other:"

  /// The policy gradient C_c of held-out rollouts.
  public static let heldOutGradient = UpdateVector(basis: "G")

  /// Every rule in both spaces: all samples, negatives only, positives only, and the drift −U, which lowers
  /// every response's log-probability whatever its reward.
  public static let rules = [
    UpdateVector("PreRL", ["C_m": 1]),
    UpdateVector("NSR-PreRL", ["C_m": 0.5, "D_m": -0.5]),
    UpdateVector("PSR-PreRL", ["C_m": 0.5, "D_m": 0.5]),
    UpdateVector("drift-PreRL", ["U_m": -1]),
    UpdateVector("RL", ["C_c": 1]),
    UpdateVector("NSR-RL", ["C_c": 0.5, "D_c": -0.5]),
    UpdateVector("PSR-RL", ["C_c": 0.5, "D_c": 0.5]),
    UpdateVector("drift-RL", ["U_c": -1]),
  ]

  /// The rules with these advantages, in both spaces: all tokens, those of negative advantages, those of positive ones.
  /// The drift has none.
  public static let otherRules = rules.filter { !$0.name.hasPrefix("drift") }.map { rule in
    UpdateVector(otherMark + rule.name, rule.prefixed(otherMark).coefficients)
  }

  /// The same rule with the first token of every response masked (`score_first_token` off).
  public var firstTokenMasked: UpdateVector {
    let firsts = firstTokenPart.coefficients.mapValues { -$0 }
    return UpdateVector(name, coefficients.merging(firsts) { own, _ in own })
  }

  /// What the first tokens contribute to the rule.
  public var firstTokenPart: UpdateVector { prefixed(Self.firstToken) }

  /// The same rule over basis vectors with a prefix in their names, for vectors in another metric
  /// (such as "adam:" for u/(√v + ε)); the rule keeps its name.
  public func prefixed(_ prefix: String) -> UpdateVector {
    UpdateVector(
      name, Dictionary(uniqueKeysWithValues: coefficients.map { (prefix + $0.key, $0.value) }))
  }
}

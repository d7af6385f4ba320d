// The metrics in which update rules are compared.

extension UpdateControl {
  /// What is compared: gradients, gradients in Adam's metric or steps of Adam, with or without the first
  /// token of each response.
  public enum Metric: String, Sendable, CaseIterable {
    case raw
    /// u / (√v + ε), v the batches' own second moment of RL's gradient.
    case adam
    /// The first Adam step from fresh moments, u / (|u| + ε).
    case step
    /// `raw` with the first token of every response masked.
    case rawMasked = "raw_first_token_masked"
    /// `step` with the first token of every response masked.
    case stepMasked = "step_first_token_masked"

    /// The metric's name in groups of files.
    public var name: String { rawValue }

    /// For people and plots.
    public var title: String {
      switch self {
      case .raw: "Euclidean"
      case .adam: "Adam's metric"
      case .step: "first Adam step"
      case .rawMasked: "Euclidean, first token masked"
      case .stepMasked: "first Adam step, first token masked"
      }
    }

    /// The same metric with all tokens.
    var withAllTokens: Metric {
      switch self {
      case .rawMasked: .raw
      case .stepMasked: .step
      case .raw, .adam, .step: self
      }
    }

    /// The mark of the vectors' names in the Gram.
    var prefix: String {
      switch self {
      case .raw, .rawMasked: ""
      case .adam: "adam:"
      case .step: "step:"
      case .stepMasked: "step:masked:"
      }
    }

    /// A rule or a basis vector in this metric, as a combination of the Gram's vectors. A step is not linear
    /// in C and D, so one-sided rules have vectors of their own there.
    public func vector(_ rule: UpdateVector) -> UpdateVector {
      switch self {
      case .raw: rule
      case .rawMasked: rule.firstTokenMasked
      case .adam: rule.prefixed(prefix)
      case .step, .stepMasked:
        rule.coefficients.count == 1
          ? rule.prefixed(prefix) : UpdateVector(rule.name, [prefix + rule.name: 1])
      }
    }
  }
}

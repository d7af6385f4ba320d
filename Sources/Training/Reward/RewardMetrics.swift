// What one step of a reward model's training reports, under TRL's names where TRL has one.
import Tasks

/// The metrics of a step, in the order of their columns. None depends on time or threads.
public struct RewardMetrics: Sendable {
  /// A metric: its description, and how it follows from a step.
  public struct Column: Sendable {
    public let name: String
    public let units: String
    public let longName: String
    let value: @Sendable (Step) -> Double

    init(
      _ name: String, units: String = "1", _ longName: String,
      _ value: @escaping @Sendable (Step) -> Double
    ) {
      (self.name, self.units, self.longName, self.value) = (name, units, longName, value)
    }
  }

  /// What metrics are computed from.
  struct Step: Sendable {
    let number: Int
    let pairs: [PreferencePair]
    let loss: Double
    /// r_c and r_r of each pair.
    let chosen: [Double]
    let rejected: [Double]
    let gradientNorm: Double
    let learningRate: Double
    let epoch: Double
    let tokenCount: Int

    /// r_c − r_r of the pairs that have a better response.
    var differences: [Double] {
      pairs.indices.filter { !pairs[$0].isTie }.map { chosen[$0] - rejected[$0] }
    }
  }

  /// Counted from 1.
  public let step: Int
  /// One value a column; NaN where a step has none, such as an accuracy of ties alone.
  public let values: [Double]

  init(_ step: Step) {
    self.step = step.number
    values = Self.columns.map { $0.value(step) }
  }

  /// The value of a metric by its name.
  public subscript(name: String) -> Double? {
    Self.columns.firstIndex { $0.name == name }.map { values[$0] }
  }

  /// The metrics of every run.
  public static let columns = [
    Column("loss", "loss of the step") { $0.loss },
    Column("accuracy", "share of the step's pairs whose chosen response has the larger reward") {
      mean($0.differences.map(preference))
    },
    Column("margin", "mean difference between the rewards of chosen and rejected responses") {
      mean($0.differences)
    },
    Column("mean_reward", "mean reward of the responses") { mean($0.chosen + $0.rejected) },
    Column("min_reward", "smallest reward of a response") {
      ($0.chosen + $0.rejected).min() ?? .nan
    },
    Column("max_reward", "largest reward of a response") {
      ($0.chosen + $0.rejected).max() ?? .nan
    },
    Column("grad_norm", "norm of the gradient before clipping") { $0.gradientNorm },
    Column("learning_rate", "learning rate") { $0.learningRate },
    Column("epoch", "passes over the pairs of training so far") { $0.epoch },
    Column("num_tokens", units: "token", "tokens of prompts and responses so far") {
      Double($0.tokenCount)
    },
  ]
}

/// NaN for no values.
func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

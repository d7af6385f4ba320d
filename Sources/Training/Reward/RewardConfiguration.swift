// The settings of a reward model's training, decoded strictly.
import StrictJSON
import Tasks

/// Training of a reward model on pairs of responses: `"algorithm": "reward-model"`.
public struct RewardConfiguration: Sendable {
  /// What `algorithm` calls it.
  public static let name = "reward-model"

  /// What becomes of pairs of which neither response is better.
  public enum Ties: String, Sendable, CaseIterable {
    /// They are left out.
    case drop
    /// They have the label ½.
    case half
  }

  /// What the files hold.
  public enum Content: String, Sendable {
    /// Pairs (see `PreferenceReader`).
    case pairs
    /// Rollouts, whose rewards say which of two responses to a problem is better.
    case rollouts
  }

  public var seed: UInt64
  public var steps: Int
  /// The file of the pairs of training.
  public var pairs: String
  /// What this file and that of evaluation hold.
  public var content: Content
  /// Where the pairs of evaluation come from.
  public var evaluation: HeldOutSource
  /// How text becomes tokens; nil for the template of the model's folder, which whoever opens the folder
  /// puts here.
  public var template: RewardTemplate?
  public var pairsPerStep: Int
  public var loss: BradleyTerry
  public var ties: Ties
  /// The probability with which a pair of training has its responses in each other's place, for the whole
  /// run. Pairs of evaluation keep their labels.
  public var labelNoise: Double
  public var schedule: LearningRateSchedule
  public var optimizer: AdamW.Settings
  /// Gradients longer than this are scaled down to it.
  public var maximumGradientNorm: Double
  /// Steps between evaluations; the first and the last step are evaluated in any case. 0: never.
  public var evaluateEvery: Int
  /// Steps between checkpoints; there is one at the end in any case.
  public var saveEvery: Int

  /// Reads a configuration.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key, or an impossible
  ///   combination.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    _ = try reader.string("algorithm", oneOf: [Self.name])
    seed = UInt64(try reader.optionalInt("seed", in: 0...Int.max) ?? 0)
    steps = try reader.int("steps", in: 1...1_000_000)
    let own = try reader.optionalText("pairs", expected: "a file")
    let rollouts = try reader.optionalText("rollouts", expected: "a file")
    guard let file = own ?? rollouts, own == nil || rollouts == nil else {
      throw JSONValueError(
        path: reader.path(of: "pairs"),
        message: own == nil
          ? "missing (expected a file of pairs, or rollouts with a file of rollouts)"
          : "with rollouts (expected only one: pairs are made of the rollouts)")
    }
    pairs = file
    content = own == nil ? .rollouts : .pairs
    evaluation = try HeldOutSource(reading: &reader, noun: "pairs")
    template = try reader.optionalChoice("template")
    pairsPerStep = try reader.optionalInt("pairs_per_step", in: 1...65_536) ?? 64
    loss = BradleyTerry(
      margin: try reader.optionalDouble("margin", in: 0...1e6) ?? 0,
      centering: try reader.optionalDouble("center_rewards_coefficient", in: 0...1e6) ?? 0)
    ties = try reader.optionalChoice("ties") ?? .drop
    labelNoise = try reader.optionalDouble("label_noise", in: 0...1) ?? 0
    evaluateEvery = try reader.optionalInt("evaluate_every", in: 0...1_000_000) ?? 20
    saveEvery = try reader.optionalInt("save_every", in: 1...1_000_000) ?? 20
    (schedule, optimizer, maximumGradientNorm) = try PolicyConfiguration.optimizer(
      &reader, steps: steps)
  }

  /// The configuration with every default resolved; reads back as itself. The template is left out as long
  /// as it is nil.
  public var json: JSON {
    var object: JSONObject = [
      "algorithm": .string(Self.name), "seed": .integer(Int(seed)), "steps": .integer(steps),
      content.rawValue: .string(pairs), "pairs_per_step": .integer(pairsPerStep),
      "margin": .real(loss.margin), "center_rewards_coefficient": .real(loss.centering),
      "ties": .string(ties.rawValue), "label_noise": .real(labelNoise),
      "evaluate_every": .integer(evaluateEvery), "save_every": .integer(saveEvery),
      "optimizer": [
        "learning_rate": .real(schedule.peak),
        "learning_rate_warmup_steps": .integer(schedule.warmUpSteps),
        "schedule": .string(schedule.decay.rawValue),
        "final_learning_rate_share": .real(schedule.finalShare), "beta1": .real(optimizer.beta1),
        "beta2": .real(optimizer.beta2), "epsilon": .real(optimizer.epsilon),
        "weight_decay": .real(optimizer.weightDecay), "max_grad_norm": .real(maximumGradientNorm),
      ],
    ]
    evaluation.write(to: &object)
    object["template"] = template.map { .string($0.rawValue) }
    return .object(object)
  }
}

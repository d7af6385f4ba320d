// What each update rule promises at the present policy, every few steps of a run.
import Analysis
import KeyedRandom
import ModelCore
import Statistics
import StrictJSON
import Tables
import Tasks
import Training

/// Measures the update rules' vectors on fresh rollouts of problems of training that stay the same along
/// the run, and compares them with the policy gradient on held-out problems.
struct UpdateMeter: TrainingProbe {
  private let configuration: PolicyConfiguration
  private let shape: ModelConfiguration
  private let threads: Int
  private let task: any PolicyTask
  private let problems: [TaskProblem]
  private let heldOut: [TaskProblem]
  private let nullContext: [Int32]

  init(
    _ configuration: PolicyConfiguration, _ task: any PolicyTask, shape: ModelConfiguration,
    threads: Int
  ) {
    self.configuration = configuration
    self.task = task
    self.shape = shape
    self.threads = threads
    // As in evaluations: draws that neither seed nor run changes.
    problems = task.draw(
      configuration.measureUpdatesProblems, key: RandomKey(seed: 0).derive("update problems"))
    heldOut = task.heldOut(configuration.measureUpdatesProblems)
    // Where it is drawn for each problem, the rules are compared after a bare document's start.
    nullContext = configuration.algorithm.loss.nullContext.documentStart(task)
  }

  /// The line of a step; its numbers are null where the policy's rewards tell no direction, or where
  /// there are fewer than eight clusters of held-out problems.
  ///
  /// - Returns: nil if it was stopped.
  func measure(
    _ model: Transformer<Float>, step: Int, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> JSONObject? {
    let groups = try RolloutGroup.sample(
      problems + heldOut, of: task, from: model, configuration,
      key: RandomKey(seed: configuration.seed).derive("updates").derive(UInt64(step)),
      threads: threads)
    var line: JSONObject = ["step": .integer(step)]
    let options = AlignmentOptions(
      nullContext: NullContext(name: "n", tokens: nullContext), seed: configuration.seed)
    let plan = SurrogatePrediction.plan(
      rollouts(problems, groups.prefix(problems.count), name: "p"),
      heldOut: rollouts(heldOut, groups.dropFirst(problems.count), name: "h"), options: options,
      vocabularySize: shape.vocabularySize)
    guard plan.leftOut.isEmpty else {
      for variable in Self.variables { line[variable.name] = .null }
      return line
    }
    guard
      let prediction = try SurrogatePrediction.measure(
        plan, model: model, threads: threads, shouldStop: shouldStop)
    else { return nil }
    for variable in Self.variables {
      let values = variable.values(prediction).map { JSON.real($0) }
      line[variable.name] = variable.extent == .step ? values[0] : .array(values)
    }
    return line
  }

  private func rollouts(
    _ problems: [TaskProblem], _ groups: some Sequence<RolloutGroup>, name: String
  ) -> [Rollout] {
    zip(problems, groups).enumerated().flatMap { index, pair in
      pair.1.rollouts.enumerated().map { sample, rollout in
        Rollout(
          id: "\(name)\(index)-r\(sample)", problemID: "\(name)\(index)", cluster: pair.0.cluster,
          promptTokens: rollout.prompt, responseTokens: rollout.response, reward: rollout.reward)
      }
    }
  }

  // MARK: - Variables

  /// What one step has of a variable.
  enum Extent {
    /// One value.
    case step
    /// One value a rule.
    case rule
    /// One value a pair of rules, the first slowest.
    case pair

    /// The axes of all steps.
    var axes: [String] {
      switch self {
      case .step: ["step"]
      case .rule: ["step", "rule"]
      case .pair: ["step", "rule_a", "rule_b"]
      }
    }

    /// Values that one step has.
    func count(rules: Int) -> Int {
      switch self {
      case .step: 1
      case .rule: rules
      case .pair: rules * rules
      }
    }
  }

  /// One statistic with its extent; a line has a number, a list or null.
  struct Variable: Sendable {
    let name: String
    let units: String
    let longName: String
    let extent: Extent
    fileprivate let values: @Sendable (SurrogatePrediction) -> [Double]

    /// The numbers of a line; NaN where it has null.
    fileprivate func numbers(_ line: JSONObject, rules: Int) -> [Double] {
      let values = line[name]?.arrayValue ?? line[name].map { [$0] } ?? []
      let count = extent.count(rules: rules)
      return values.count == count
        ? values.map { $0.doubleValue ?? .nan } : [Double](repeating: .nan, count: count)
    }
  }

  static let variables: [Variable] =
    ofMetric(.raw, prefix: "", title: "")
    + ofMetric(.adam, prefix: "adam_", title: ", Adam's metric")
    + ofMetric(.step, prefix: "step_", title: ", Adam's first step")
    + ofMetric(.rawMasked, prefix: "masked_", title: ", first token masked")
    + intervals(
      "drift_share_conditional", "share of the sign-blind push in one-sided updates, prompt space",
      .step
    ) { prediction in [prediction.update.statistics(.raw).driftShareConditional] }
    + [
      Variable(
        name: "validity_radius", units: "1",
        longName: "largest step length up to which the prediction holds to 10%", extent: .rule
      ) { prediction in UpdateVector.rules.map { prediction.radius($0.name) } },
      Variable(
        name: "first_token_share", units: "1",
        longName: "share of a batch vector's squared length that first tokens make", extent: .rule
      ) { $0.update.statistics(.raw).vectors.map(\.firstTokenShare.estimate) },
    ]

  private static func ofMetric(
    _ metric: UpdateControl.Metric, prefix: String, title: String
  ) -> [Variable] {
    func ofRules(
      _ name: String, _ longName: String,
      _ value: @escaping @Sendable (UpdateStatistics.Vector) -> Interval
    ) -> [Variable] {
      intervals(prefix + name, longName + title, .rule) { prediction in
        prediction.update.statistics(metric).vectors.map(value)
      }
    }
    return ofRules("efficiency", "surrogate efficiency without noise", \.efficiency)
      + ofRules("batch_efficiency", "surrogate efficiency at this batch size", \.batchEfficiency)
      + ofRules("reliability", "share of a batch vector that is signal", \.reliability)
      + intervals(prefix + "corrected_cosine", "noise-corrected cosine" + title, .pair) {
        $0.update.statistics(metric).cosineMatrix
      }
      + intervals(
        prefix + "drift_share_marginal",
        "share of the sign-blind push in one-sided updates, null-context space" + title, .step
      ) { [$0.update.statistics(metric).driftShareMarginal] }
  }

  /// A statistic with the ends of its 95% interval.
  private static func intervals(
    _ name: String, _ longName: String, _ extent: Extent,
    _ values: @escaping @Sendable (SurrogatePrediction) -> [Interval]
  ) -> [Variable] {
    Interval.parts.map { suffix, words, path in
      let end = words.isEmpty ? "" : words + " of the 95% interval"
      return Variable(
        name: name + suffix, units: "1", longName: longName + end, extent: extent
      ) { prediction in values(prediction).map { $0[keyPath: path] } }
    }
  }

  static var ruleNames: [String] { UpdateVector.rules.map(\.name) }

  /// The group of a run from its lines.
  func group(_ lines: [JSONObject]) -> VariableGroup {
    let rules = Self.ruleNames
    return VariableGroup(
      axes: [.steps(lines)]
        + ["rule", "rule_a", "rule_b"].map { Axis($0, "update rule", .count(rules.count)) },
      variables: [
        Tables.Variable("rule_name", "name of the update rule", over: ["rule"]) { .texts(rules) }
      ]
        + Self.variables.map { variable in
          Tables.Variable(
            variable.name, units: variable.units, variable.longName, over: variable.extent.axes
          ) { .reals(lines.flatMap { variable.numbers($0, rules: rules.count) }) }
        },
      plot: VariableGroup.Plot(
        signal: "efficiency", over: ["step", "rule"],
        title: "Surrogate efficiency along the run"))
  }
}

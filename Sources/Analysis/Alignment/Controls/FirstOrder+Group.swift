// The first-order control's group of the result file, and its statistics.
import Statistics
import Tables

extension FirstOrderControl {
  private static let objective =
    "of log P(y|x), or of the objective of held-out rollouts for an update rule"

  /// What is known of a direction at every step length.
  static let changes: [(name: String, longName: String, value: @Sendable (Direction) -> [Double])] =
    [
      ("predicted", "predicted change \(objective)", { $0.predicted }),
      ("actual", "actual change \(objective)", { $0.actual }),
      (
        "collateral", "mean change of log P(y|x) per token of other rollouts", { $0.collateral }
      ),
    ]

  /// What is known of Adam's step at every learning rate.
  static let adamColumns:
    [(
      name: String, units: String, longName: String, value: @Sendable (AdamSteps) -> [Double]
    )] = [
      ("adam_length", "1", "Euclidean length of Adam's first step", { $0.lengths }),
      (
        "adam_predicted", "nat", "predicted change of the objective of held-out rollouts",
        { $0.predicted }
      ),
      ("adam_actual", "nat", "actual change of the objective of held-out rollouts", { $0.actual }),
      (
        "adam_collateral", "nat", "mean change of log P(y|x) per token of other rollouts",
        { $0.collateral }
      ),
    ]

  public var group: VariableGroup {
    let directions = samples + rules
    let axes = ["direction", "step"]
    let adamAxes = ["adam_rule", "adam_rate"]
    return VariableGroup(
      axes: [
        Axis("direction", "direction of the step", .count(directions.count)),
        Axis("step", "step length, by factors of 2", .count(lengths.count)),
        Axis("adam_rule", "update rule", .count(adamSteps.count)),
        Axis("adam_rate", "learning rate of Adam's first step", .count(Self.learningRates.count)),
      ],
      variables: [
        Variable(
          "direction_name",
          "update rule, or the rollout whose null-context gradient is the direction",
          over: ["direction"], isStored: true
        ) { .texts(directions.map(\.name)) },
        Variable(
          "direction_sample", "rollout, -1 for an update rule", over: ["direction"],
          isStored: true
        ) { .integers(directions.map { $0.sample ?? -1 }) },
        Variable("length", "Euclidean length of the step", over: ["step"], isStored: true) {
          .reals(lengths)
        },
      ]
        + [
          Variable("adam_rule_name", "update rule", over: ["adam_rule"], isStored: true) {
            .texts(adamSteps.map(\.name))
          },
          Variable("learning_rate", "learning rate of Adam's first step", over: ["adam_rate"]) {
            .reals(Self.learningRates)
          },
        ]
        + Self.adamColumns.map { column in
          Variable(
            column.name, units: column.units, column.longName, over: adamAxes, isStored: true
          ) { .reals(adamSteps.flatMap(column.value)) }
        }
        + Self.changes.map { change in
          Variable(change.name, units: "nat", change.longName, over: axes, isStored: true) {
            .reals(directions.flatMap(change.value))
          }
        }
        + [
          Variable(
            "validity_radius", "largest step whose effect is predicted to 10%",
            over: ["direction"]
          ) { .reals(directions.map(validityRadius)) }
        ],
      plot: VariableGroup.Plot(
        signal: "actual", over: axes, title: "Effect of steps along the gradients"))
  }

  public func statistics(
    _ plan: AlignmentPlan, _ bootstrap: BootstrapT
  ) -> [SummaryStatistic] {
    let radii = samples.map { validityRadius($0) }.sorted()
    return rules.map { direction in
      SummaryStatistic(
        direction.name, Interval(withoutInterval: validityRadius(direction)),
        "largest step along \(direction.name) whose effect is predicted to 10%",
        in: ["validity_radius"])
    }
      + adamSteps.flatMap { steps in
        Self.learningRates.indices.map { rate in
          SummaryStatistic(
            steps.name,
            Interval(withoutInterval: steps.actual[rate] / steps.predicted[rate]),
            "actual over predicted effect of Adam's first step along \(steps.name) at learning rate "
              + "\(Self.learningRates[rate])",
            in: ["adam_step", FirstOrder.rateName(rate)])
        }
      }
      + (radii.isEmpty
        ? []
        : [
          SummaryStatistic(
            "validity_radius_sample_median", Interval(withoutInterval: radii[radii.count / 2]),
            "median over rollouts of the largest step along g_m whose effect is predicted to 10%")
        ])
  }
}

extension FirstOrder {
  /// The name of a learning rate's group in the summary.
  static func rateName(_ rate: Int) -> String {
    "lr \(FirstOrderControl.learningRates[rate])"
  }

  /// How much of the predicted effect Adam's first step has.
  public func table(_ summary: AlignmentSummary) -> String? {
    let rates = FirstOrderControl.learningRates.indices
    var table = TextTable(
      ["actual / predicted"] + rates.map { "Adam's first step, \(Self.rateName($0))" })
    for rule in UpdateVector.rules {
      table.add(
        [rule.name]
          + rates.map { rate in
            fixed(
              summary[["controls", Self.name, "adam_step", Self.rateName(rate)], rule.name]
                .estimate,
              2)
          })
    }
    return table.text
  }
}

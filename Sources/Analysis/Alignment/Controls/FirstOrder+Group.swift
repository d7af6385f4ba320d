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

  public var group: VariableGroup {
    let directions = samples + rules
    let axes = ["direction", "step"]
    return VariableGroup(
      axes: [
        Axis("direction", "direction of the step", .count(directions.count)),
        Axis("step", "step length, by factors of 2", .count(lengths.count)),
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
      + (radii.isEmpty
        ? []
        : [
          SummaryStatistic(
            "validity_radius_sample_median", Interval(withoutInterval: radii[radii.count / 2]),
            "median over rollouts of the largest step along g_m whose effect is predicted to 10%")
        ])
  }
}

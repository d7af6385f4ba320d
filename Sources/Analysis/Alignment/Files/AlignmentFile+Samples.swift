// `/samples` and the controls that have one row a rollout.
import HDF5
import Tables

extension AlignmentFile {
  /// The scalars of a pair of gradients: name, unit, long name, value.
  static let pairVariables:
    [(name: String, units: String, title: String, value: @Sendable (PairSummary) -> Double)] = [
      ("inner_product", "1", "inner product of the two gradients", { $0.innerProduct }),
      ("cosine", "1", "cosine of the two gradients", { $0.cosine }),
      ("norm_marginal", "1", "norm of the null-context gradient", { $0.normMarginal }),
      ("norm_conditional", "1", "norm of the conditional gradient", { $0.normConditional }),
      ("logp_marginal", "nat", "null-context log-probability", { $0.logMarginal }),
      ("logp_conditional", "nat", "conditional log-probability", { $0.logConditional }),
      ("logp_gap", "nat", "mean absolute difference of token log-probabilities", { $0.gap }),
      (
        "logp_difference", "nat", "mean of null-context minus conditional token log-probabilities",
        { $0.difference }
      ),
    ]

  /// The variables that describe the rollouts.
  static let rolloutVariables = [
    "id", "problem_id", "cluster", "problem", "reward", "prompt_length", "response_length",
  ]

  /// The scale `sample` and what is known of each rollout; returns the scale.
  func writeRollouts(_ group: HDF5Group) throws -> HDF5Dataset {
    let rollouts = plan.rollouts[samples]
    let sample = try group.scale("sample", Array(samples), longName: "rollout")
    func write<Element: HDF5Element>(
      _ name: String, _ title: String, units: String = "1", _ values: [Element]
    ) throws {
      try group.variable(name, values, over: ["sample"], units: units, longName: title)
    }
    try write("id", "identifier of the rollout", rollouts.map { storable($0.id) })
    try write("problem_id", "identifier of the problem", rollouts.map { storable($0.problemID) })
    try write("cluster", "independent unit", rollouts.map { storable($0.cluster) })
    try write("problem", "index of the problem", Array(plan.problems[samples]))
    try write("reward", "reward", rollouts.map { $0.reward ?? .nan })
    try write(
      "prompt_length", "length of the prompt", units: "token", rollouts.map(\.promptTokens.count))
    try write(
      "response_length", "length of the response", units: "token",
      rollouts.map(\.responseTokens.count))
    return sample
  }

  /// One variable a scalar, and the cosine as the group's plot.
  func writePairs(_ group: HDF5Group, _ rows: [PairSummary], title: String) throws {
    for variable in Self.pairVariables {
      try group.variable(
        variable.name, rows.map(variable.value), over: ["sample"], units: variable.units,
        longName: variable.title)
    }
    try group.markAsData(signal: "cosine", axes: ["sample"], title: title)
  }

  /// Where the results of a column are: `mismatched-prompt`, or `breakdown/3` for controls with
  /// several columns.
  static func path(ofColumn column: Int, _ plan: AlignmentPlan) -> String {
    let columns = plan.controlColumns
    let own = columns[column]
    if own.name.isEmpty { return own.control.rawValue }
    let number = columns[..<column].count { $0.control == own.control }
    return "\(own.control.rawValue)/\(number)"
  }

  /// The controls with one row a rollout.
  func writeControls(
    _ root: HDF5Group, rollouts: HDF5Group, _ columns: [[PairSummary]]
  ) throws {
    for (place, column) in plan.controlColumns.enumerated() {
      let path = Self.path(ofColumn: place, plan)
      let group = try root.createGroup("controls/\(path)")
      try group.link(rollouts.dataset("sample"))
      for name in Self.rolloutVariables { try group.link(rollouts.dataset(name)) }
      try writePairs(group, columns[place], title: storable(column.title))
      guard !column.name.isEmpty else { continue }
      try group.attributes.set("name", to: storable(column.name))
      if path.hasSuffix("/0") {
        let parent = try root.group("controls/\(column.control.rawValue)")
        try parent.attributes.set("default", to: "0")
      }
    }
  }
}

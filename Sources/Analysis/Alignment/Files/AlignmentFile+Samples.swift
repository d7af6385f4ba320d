// `/samples` and the controls with one row per rollout.
import HDF5
import Tables
import Tasks

extension AlignmentFile {
  /// A rollout and the index of its problem.
  private struct Sample {
    let rollout: Rollout
    let problem: Int
  }

  /// The variables that describe the rollouts, in the order of the file.
  private static let rolloutVariables: [@Sendable ([Sample]) -> Variable] = [
    text("id", "identifier of the rollout", \.rollout.id),
    text("problem_id", "identifier of the problem", \.rollout.problemID),
    text("cluster", "independent unit", \.rollout.cluster),
    integer("problem", units: "1", "index of the problem") { $0.problem },
    { samples in
      Variable("reward", "reward", over: ["sample"]) {
        .reals(samples.map { $0.rollout.reward ?? .nan })
      }
    },
    integer("prompt_length", units: "token", "length of the prompt") {
      $0.rollout.promptTokens.count
    },
    integer("response_length", units: "token", "length of the response") {
      $0.rollout.responseTokens.count
    },
  ]

  private static func text(
    _ name: String, _ longName: String, _ path: KeyPath<Sample, String> & Sendable
  ) -> @Sendable ([Sample]) -> Variable {
    { samples in
      Variable(name, longName, over: ["sample"]) { .texts(samples.map { $0[keyPath: path] }) }
    }
  }

  private static func integer(
    _ name: String, units: String, _ longName: String, _ value: @escaping @Sendable (Sample) -> Int
  ) -> @Sendable ([Sample]) -> Variable {
    { samples in
      Variable(name, units: units, longName, over: ["sample"]) { .integers(samples.map(value)) }
    }
  }

  /// Writes the scale `sample` and the variables that describe the rollouts; returns the scale.
  func writeRollouts(_ group: HDF5Group, _ samples: Range<Int>) throws -> HDF5Dataset {
    let rows = samples.map { Sample(rollout: plan.rollouts[$0], problem: plan.problems[$0]) }
    let scale = try group.scale("sample", Array(samples), longName: "rollout")
    for variable in Self.rolloutVariables { try group.write(variable(rows)) }
    return scale
  }

  /// Writes one variable per scalar, with the cosine as the group's default plot.
  func writePairs(_ group: HDF5Group, _ rows: [PairSummary], title: String) throws {
    try group.write(PairSummary.columns, rows, over: "sample")
    try group.markAsData(signal: "cosine", axes: ["sample"], title: title)
  }

  /// Writes the controls with one row per rollout.
  func writeControls(
    _ root: HDF5Group, rollouts: HDF5Group, _ entries: [[PairSummary]]
  ) throws {
    let shared = ["sample"] + Self.rolloutVariables.map { $0([]).name }
    for (entry, rows) in zip(plan.entries, entries) {
      let group = try root.createGroup("controls/\(entry.path.joined(separator: "/"))")
      for name in shared { try group.link(rollouts.dataset(name)) }
      try writePairs(group, rows, title: storable(entry.title))
      guard !entry.name.isEmpty else { continue }
      try group.attributes.set("name", to: storable(entry.name))
      if entry.number == 0 {
        try root.group("controls/\(entry.control)").attributes.set("default", to: "0")
      }
    }
  }
}

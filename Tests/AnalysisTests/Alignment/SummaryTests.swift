// The statistics of a run against plain loops over its rows, and what rollouts do not allow.
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct SummaryTests {
  /// Means, spreads and extremes of the main pair and of a control. 1e-12: roundings of 26 terms.
  @Test(arguments: [("", nil), ("controls.mismatched-prompt.", "mismatched-prompt")])
  func statisticsAreThoseOfTheRows(prefix: String, control: String?) throws {
    let lab = Lab.qwen3
    let subject = Subject(
      lab.rollouts, lab.model, Request(nullContext: [1, 4], controls: ["mismatched-prompt"]))
    let rows = try subject.measure(Array(lab.rollouts.indices)).map { sample in
      try #require(control.map { sample.controls[$0] } ?? sample.row)
    }
    let summary = try subject.summary()
    func expect(_ key: String, _ value: Double) {
      expectClose(summary[prefix + key] ?? .nan, value, relative: 1e-12, absolute: 1e-12, key)
    }
    let count = Double(rows.count)
    expect("n", count)
    for (name, values) in [
      ("inner_product", rows.map(\.inner)), ("cosine", rows.map(\.cosine)),
    ] {
      let mean = values.reduce(0, +) / count
      expect(name + "_mean", mean)
      expect(
        name + "_sd",
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot())
      expect(name + "_min", values.min() ?? .nan)
      expect(name + "_max", values.max() ?? .nan)
    }
    expect("negative_fraction", Double(rows.count { $0.inner < 0 }) / count)
    expect("cosine_undefined", 0)
    expect("logp_gap_mean", rows.map(\.gap).reduce(0, +) / count)
    expect("logp_difference_mean", rows.map(\.difference).reduce(0, +) / count)
  }

  /// Means over the pairs of one rollout, of two rollouts of one problem and of two problems; radii of
  /// rules, and their median over samples. 1e-12: roundings of 676 terms.
  @Test func statisticsAreThoseOfTheFile() throws {
    let lab = Lab.qwen3
    let subject = Subject(
      lab.rollouts, lab.model,
      Request(
        nullContext: [1, 4], controls: ["cross", "update", "first-order"], firstOrderSamples: 5))
    let summary = try subject.summary()
    let file = try #require(try subject.measureFile())
    let cross = try #require(file.cross)
    let names = lab.rollouts.map { Array($0.problemID.utf8) }
    let count = names.count
    let kinds: [(String, (Int, Int) -> Bool)] = [
      ("same_rollout", { $0 == $1 }),
      ("same_problem", { $0 != $1 && names[$0] == names[$1] }),
      ("other_problem", { names[$0] != names[$1] }),
    ]
    for (kind, belongs) in kinds {
      let places = (0..<count * count).filter { belongs($0 / count, $0 % count) }
      for (name, values) in [("inner_product", cross.products), ("cosine", cross.cosines)] {
        expectClose(
          summary["controls.cross.\(kind).\(name)_mean"] ?? .nan,
          places.reduce(0) { $0 + values[$1] } / Double(places.count), relative: 1e-12,
          absolute: 1e-12, "\(kind), \(name)")
      }
    }
    for rule in file.rules {
      #expect(summary["controls.first-order.validity_radius.\(rule.name)"] == rule.radius)
    }
    #expect(
      summary["controls.first-order.validity_radius_sample_median"]
        == file.samples.map(\.radius).sorted()[2])
    let update = try #require(file.update)
    for metric in ["raw", "adam", "step"] {
      let statistics = try #require(update.statistics[metric])
      for vector in statistics.vectors {
        #expect(
          summary["controls.update.\(metric).reliability.\(vector.name)"]
            == vector.reliability.estimate)
      }
    }
  }

  /// Controls that a file does not allow are left out, each for its own reason.
  @Test func controlsThatTheRolloutsDoNotAllowAreLeftOut() {
    let lab = Lab.qwen3
    let controls = [
      "mismatched-prompt", "random-prompt", "cross", "mixture", "update", "first-order",
    ]
    func leftOut(_ rollouts: [Rollout]) -> Set<String> {
      Set(Subject(rollouts, lab.model, Request(controls: controls)).leftOut)
    }
    #expect(leftOut(lab.rollouts) == [])
    #expect(
      leftOut(Array(lab.rollouts.prefix(2)))
        == ["mismatched-prompt", "update", "first-order"], "one problem")
    #expect(
      leftOut(Array(lab.rollouts.prefix(1)))
        == ["mismatched-prompt", "cross", "update", "first-order"], "one rollout")
    var rollouts = lab.rollouts
    rollouts[3].reward = nil
    #expect(leftOut(rollouts) == ["update", "first-order"], "a missing reward")
    rollouts = lab.rollouts.map {
      var rollout = $0
      rollout.reward = 1
      return rollout
    }
    #expect(leftOut(rollouts) == ["update", "first-order"], "equal rewards")
    rollouts = lab.rollouts.filter { !["a", "b", "d"].contains($0.problemID) }
    #expect(leftOut(rollouts) == ["update", "first-order"], "seven clusters")
    rollouts = (0..<513).map { index in
      var rollout = lab.rollouts[0]
      rollout.promptTokens = [1] + (0..<3).map { Int32(index / [1, 10, 100][$0] % 10) }
      return rollout
    }
    #expect(leftOut(rollouts).contains("mixture"), "513 prompts")
    #expect(!leftOut(Array(rollouts.dropLast())).contains("mixture"), "512 prompts")
  }
}

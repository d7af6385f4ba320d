import Foundation
import StrictJSON
import Testing

@Suite struct CompareTests {
  /// A run's folder as far as the comparison reads it: accuracy at steps 0 and 10.
  private static func run(
    _ program: Program, _ name: String, seed: Int, rate: Double = 1e-4, accuracy: Double
  ) throws {
    try FileManager.default.createDirectory(
      atPath: program.folder + "/" + name, withIntermediateDirectories: true)
    try program.write(
      #"{"config": {"algorithm": "grpo", "seed": \#(seed), "rate": \#(rate)}}"#,
      to: name + "/manifest.json")
    let lines = [(0, 0.4, 0.2), (10, accuracy, 0.5)].map { step, accuracy, transitions in
      #"{"step": \#(step), "accuracy": \#(accuracy), "transitions": \#(transitions), "#
        + #""accuracy_noise": 0.012, "reflections": 0.1, "response_length": 30, "ended": 1, "kl_to_base": 0, "#
        + #""pretraining_loss": 0.4}"#
    }
    try program.write(lines.joined(separator: "\n") + "\n", to: name + "/evaluation.jsonl")
  }

  private static func runs(_ program: Program) throws -> [String] {
    var names: [String] = []
    for (seed, (one, other)) in [(0.50, 0.60), (0.54, 0.62), (0.52, 0.64)].enumerated() {
      try run(program, "one-s\(seed)", seed: seed, accuracy: one)
      try run(program, "other-s\(seed)", seed: seed, rate: 3e-4, accuracy: other)
      names += ["one-s\(seed)", "other-s\(seed)"]
    }
    return names
  }

  @Test func meansAndPairedDifferencesHaveStudentsIntervals() throws {
    try withProgram { program in
      let outcome = try program.run(
        ["compare"] + Self.runs(program) + ["--reference", "one", "--resolve", "0.1", "--json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let entries = try #require(JSON.parse([UInt8](outcome.output.utf8)).arrayValue)
      #expect(entries.count == 2)
      let other = try #require(entries[1].objectValue)
      #expect(other["run"] == "other" && other["seeds"]?.arrayValue?.count == 3)
      let last = try #require(other["steps"]?.objectValue?["10"]?.objectValue)
      func number(_ name: String, _ part: String) -> Double {
        last[name]?.objectValue?[part]?.doubleValue ?? .nan
      }
      // Mean .62, deviation .02; differences .10 .08 .12; t of 2 degrees 4.302653.
      #expect(abs(number("accuracy", "mean") - 0.62) < 1e-12)
      #expect(abs(number("accuracy", "high") - 0.62 - 4.302653 * 0.02 / 3.0.squareRoot()) < 1e-6)
      // Of .02² between seeds, .012² are the evaluations'.
      #expect(abs((last["accuracy_sd"]?.doubleValue ?? 0) - 0.02) < 1e-12)
      #expect(abs((last["accuracy_sd_of_seeds"]?.doubleValue ?? 0) - 0.016) < 1e-12)
      #expect(abs(number("accuracy_difference", "mean") - 0.10) < 1e-12)
      #expect(
        abs(number("accuracy_difference", "low") - 0.10 + 4.302653 * 0.02 / 3.0.squareRoot())
          < 1e-6)
      // t = .1/(.02/√3) = 8.660254 with 2 degrees: p = 1 − t/√(t² + 2).
      let p = last["accuracy_difference_p"]?.doubleValue ?? 0
      #expect(abs(p - (1 - 8.660254 / (75 + 2.0).squareRoot())) < 1e-6)
      #expect(last["accuracy_difference_p_holm"]?.doubleValue == p)
      #expect(last["comparisons"]?.intValue == 1 && other["bases"]?.intValue == 1)
      #expect(abs(number("transitions_fold", "mean") - 2.5) < 1e-12)
      // (4.303 + 1.061)² · .04 at three seeds, (12.7 + 1.4)² · .04 at two.
      #expect(last["seeds_needed"]?.doubleValue == 3)
      // The only row beside the reference.
      #expect(last["seeds_needed_pooled"]?.doubleValue == 3)
    }
  }

  /// The smaller of two p-values counts double, the larger is at least as large.
  @Test func severalComparisonsAreCorrectedByHolm() throws {
    try withProgram { program in
      var names: [String] = []
      for (name, values) in [
        ("one", [0.50, 0.52, 0.54]), ("near", [0.52, 0.53, 0.57]), ("far", [0.61, 0.62, 0.65]),
      ] {
        for (seed, value) in values.enumerated() {
          names.append("\(name)-s\(seed)")
          try Self.run(program, names.last ?? "", seed: seed, accuracy: value)
          try program.write(
            #"{"config": {"seed": \#(seed), "name": "\#(name)"}, "inputs": []}"#,
            to: "\(names.last ?? "")/manifest.json")
        }
      }
      let outcome = try program.run(["compare"] + names + ["--reference", "one", "--json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let entries = try #require(JSON.parse([UInt8](outcome.output.utf8)).arrayValue)
      func last(_ place: Int) throws -> (p: Double, holm: Double) {
        let step = try #require(
          entries[place].objectValue?["steps"]?.objectValue?["10"]?.objectValue)
        #expect(step["comparisons"]?.intValue == 2)
        return (
          try #require(step["accuracy_difference_p"]?.doubleValue),
          try #require(step["accuracy_difference_p_holm"]?.doubleValue)
        )
      }
      let (near, far) = (try last(1), try last(2))
      #expect(far.p < near.p && far.holm == 2 * far.p)
      #expect(near.holm == max(near.p, far.holm))
    }
  }

  /// The base of all runs of one model is pooled: values of one seed count once, and other models' not.
  @Test func foldsDivideByTheBaseOfAllRuns() throws {
    try withProgram { program in
      func run(_ name: String, seed: Int, model: String, _ transitions: [Double]) throws -> String {
        let folder = "\(name)-s\(seed)"
        try Self.run(program, folder, seed: seed, accuracy: 0.5)
        try program.write(
          #"{"config": {"seed": \#(seed), "name": "\#(name)"}, "#
            + #""inputs": [{"role": "model", "sha256": "\#(model)"}]}"#,
          to: folder + "/manifest.json")
        let lines = zip([0, 10], transitions).map { step, value in
          #"{"step": \#(step), "accuracy": 0.5, "transitions": \#(value), "response_length": 10}"#
        }
        try program.write(
          lines.joined(separator: "\n") + "\n", to: folder + "/evaluation.jsonl")
        return folder
      }
      let names = [
        try run("a", seed: 0, model: "x", [0.2, 0.8]),
        try run("a", seed: 1, model: "x", [0.3, 0.9]),
        try run("b", seed: 0, model: "x", [0.2, 0.5]),
        try run("b", seed: 2, model: "x", [0.25, 0.5]),
        try run("c", seed: 0, model: "y", [0.4, 0.4]),
        try run("c", seed: 1, model: "y", [0.4, 0.4]),
      ]
      let outcome = try program.run(["compare"] + names + ["--json"])
      let entries = try #require(JSON.parse([UInt8](outcome.output.utf8)).arrayValue)
      func fold(_ place: Int) throws -> JSONObject {
        try #require(
          entries[place].objectValue?["steps"]?.objectValue?["10"]?.objectValue?[
            "transitions_fold"]?
            .objectValue)
      }
      // Mean .85 over the base's .25, from .2, .3 and .25. Squared errors: .005/2 and 3.4² · .0025/3, of
      // .25²; 2.796 degrees of freedom by Welch, whose t is 3.31783.
      let own = try fold(0)
      #expect(abs((own["mean"]?.doubleValue ?? 0) - 3.4) < 1e-12)
      let square = (0.0025 + 3.4 * 3.4 * 0.0025 / 3) / 0.0625
      #expect(own["values"] == [3.2, 3.6])
      let half = (own["high"]?.doubleValue ?? 0) - 3.4
      #expect(abs(half / square.squareRoot() - 3.31783) < 1e-4, "\(half / square.squareRoot())")
      #expect(try fold(1)["mean"]?.doubleValue == 2)
      // No spread at all has no interval.
      #expect(try fold(2)["mean"]?.doubleValue == 1 && fold(2)["low"] == .null)
    }
  }

  /// Variances .0004 and .0016 of two rows, twice their mean: (t_.975 + t_.8)² · .002 at 11 seeds is
  /// 8.65 · .002/.04².
  @Test func seedsOfAllRowsTogetherRestOnTheMeanVariance() throws {
    try withProgram { program in
      var names: [String] = []
      for (seed, deviation) in [-1.0, 0, 1].enumerated() {
        try Self.run(program, "a-s\(seed)", seed: seed, accuracy: 0.5 + 0.02 * deviation)
        try Self.run(
          program, "b-s\(seed)", seed: seed, rate: 3e-4, accuracy: 0.6 + 0.04 * deviation)
        names += ["a-s\(seed)", "b-s\(seed)"]
      }
      let outcome = try program.run(["compare"] + names + ["--resolve", "0.04"])
      #expect(
        outcome.output.contains(
          "With the spread of all rows together it takes 11 seeds for 0.040 at step 10."),
        "\(outcome.output)")
    }
  }

  /// Three bases with two seeds each, of which the mean is taken first: accuracies .5 .6 | .7 .7 | .4 .5.
  @Test func seedsAreNestedInBases() throws {
    try withProgram { program in
      func run(_ rule: String, base: Int, seed: Int, _ accuracy: Double) throws -> String {
        let folder = "\(rule)-b\(base)-s\(seed)"
        try Self.run(program, folder, seed: seed, accuracy: accuracy)
        try program.write(
          #"{"config": {"seed": \#(seed), "name": "\#(rule)"}, "#
            + #""inputs": [{"role": "model", "sha256": "\#(base)"}]}"#,
          to: folder + "/manifest.json")
        return folder
      }
      var names: [String] = []
      for (base, accuracies) in [[0.5, 0.6], [0.7, 0.7], [0.4, 0.5]].enumerated() {
        for (seed, accuracy) in accuracies.enumerated() {
          names.append(try run("one", base: base, seed: seed, accuracy))
          names.append(try run("two", base: base, seed: seed, accuracy - 0.1 - 0.02 * Double(base)))
        }
      }
      let outcome = try program.run(["compare"] + names + ["--reference", "one"])
      #expect(outcome.output.contains("95% over bases"), "\(outcome.errors)")
      let fields = outcome.output.split(separator: "\n")[1].split(separator: " ").prefix(8)
      // Means .55 .7 .45: mean .56667, deviation .12583, t of 2 degrees 4.302653.
      #expect(fields == ["one", "3,", "6", "10", "0.567", "0.254", "..", "0.879"], "\(fields)")
      // Differences −.10 −.12 −.14; t = −.12/(.02/√3), p = 1 − t/√(t² + 2) = .0091.
      #expect(outcome.output.contains("-0.120  -0.170 .. -0.070    0.0091"), "\(outcome.output)")
      #expect(
        outcome.output.contains("paired by base and seed; p is two-sided, by Holm for the 1 "))
    }
  }

  /// Seeds of two digits, and entries that list their bases in another order.
  @Test func namesAndBasesDoNotDependOnTheSeedsAndTheOrder() throws {
    try withProgram { program in
      func run(_ rule: String, base: Int, seed: Int) throws -> String {
        let folder = "\(rule)-b\(base)-s\(seed)"
        try Self.run(program, folder, seed: seed, accuracy: 0.5)
        try program.write(
          #"{"config": {"seed": \#(seed), "name": "\#(rule)"}, "#
            + #""inputs": [{"role": "model", "sha256": "\#(base)"}]}"#,
          to: folder + "/manifest.json")
        return folder
      }
      let names = [
        try run("one", base: 0, seed: 10), try run("one", base: 1, seed: 11),
        try run("two", base: 1, seed: 10), try run("two", base: 0, seed: 11),
      ]
      let outcome = try program.run(["compare"] + names + ["--json"])
      let entries = try #require(JSON.parse([UInt8](outcome.output.utf8)).arrayValue)
      #expect(entries.map { $0.objectValue?["run"] } == ["one", "two"])
      #expect(entries.map { $0.objectValue?["base_of_run"] } == [[0, 1], [1, 0]])
    }
  }

  @Test func whatCannotBeComparedIsOneLine() throws {
    try withProgram { program in
      let names = try Self.runs(program)
      try Self.run(program, "never-s0", seed: 0, accuracy: 0.5)
      try program.write("", to: "never-s0/evaluation.jsonl")
      try Self.run(program, "four-s0", seed: 0, accuracy: 0.5)
      try program.write(
        #"{"config": {"algorithm": "grpo", "seed": 0, "task": {"numbers": 4}}}"#,
        to: "four-s0/manifest.json")
      try Self.run(program, "twice-s0", seed: 0, accuracy: 0.5)
      let line = try program.read("twice-s0/evaluation.jsonl")
      try program.write(
        String(decoding: line + line, as: UTF8.self), to: "twice-s0/evaluation.jsonl")
      for (arguments, message) in [
        (
          ["twice-s0"],
          "prerl: twice-s0/evaluation.jsonl:3: step 0 again (expected each step once)"
        ),
        (
          [names[0], "--output", "one-s0/evaluation.jsonl", "--overwrite"],
          "prerl: one-s0/evaluation.jsonl: this is an input of the same run"
        ),
        (["none"], "prerl: none/manifest.json: there is no such file"),
        (
          ["never-s0"],
          "prerl: never-s0: no step was evaluated in every seed of never (expected runs with "
            + "evaluate_every above 0 that have begun)"
        ),
        (
          [names[0], "four-s0"],
          "prerl: four-s0: evaluated with task {\"numbers\":4} (expected absent, as in one-s0: "
        ),
        ([names[0], names[0]], "prerl: one-s0: is one-s0 again, seed 0 (expected each run once)"),
        (
          names + ["--reference", "third"],
          "prerl: --reference is third (expected one of: one, other)"
        ),
        (
          names + ["--resolve", "0"], "prerl: --resolve is 0.0 (expected a number between 0 and 1)"
        ),
      ] {
        let outcome = try program.run(["compare"] + arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix(message), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
      }
    }
  }
}

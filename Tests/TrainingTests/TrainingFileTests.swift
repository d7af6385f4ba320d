import HDF5
import StrictJSON
import Tables
import TestSupport
import Testing
import Training

@Suite struct TrainingFileTests {
  private static func group(_ steps: [Int], _ names: [String]) -> VariableGroup {
    VariableGroup(
      steps: steps.map { step in
        var line: JSONObject = ["step": .integer(step)]
        for (place, name) in names.enumerated() {
          line[name] = step == 3 ? .null : .real(Double(step + place) / 3)
        }
        return line
      },
      names.map { ($0, "token", "the \($0)") }, title: "Numbers of each step")
  }

  private static func file(evaluated: [Int]?, isComplete: Bool = true) -> TrainingFile {
    TrainingFile(
      steps: group([1, 2, 3], ["accuracy", "completions/mean_length"]),
      evaluation: evaluated.map { group($0, ["accuracy", "accuracy_low"]) },
      isComplete: isComplete, attributes: [("config", "{}")], history: "today: prerl train")
  }

  @Test func everyVariableLiesOverTheScaleOfItsOwnGroup() throws {
    try withTemporaryDirectory { folder in
      try Self.file(evaluated: [0, 2]).write(to: folder + "/training.h5")
      let root = try HDF5File.open(folder + "/training.h5").root
      for (name, variables, steps) in [
        ("steps", ["accuracy", "completions_mean_length"], [1, 2, 3]),
        ("evaluation", ["accuracy", "accuracy_low"], [0, 2]),
      ] {
        let group = try root.group(name)
        #expect(try group.dataset("step").isScale)
        #expect(try group.dataset("step").read(Int64.self) == steps.map { Int64($0) })
        for (place, variable) in variables.enumerated() {
          let dataset = try group.dataset(variable)
          #expect(try dataset.elementType == .float64)
          let values = try dataset.read(Double.self)
          expectClose(values, steps.map { $0 == 3 ? .nan : Double($0 + place) / 3 })
          #expect(try dataset.attributes.value("units") == .string("token"))
        }
        #expect(try group.attributes.value("NX_class") == .string("NXdata"))
        #expect(try group.attributes.value("signal") == .string("accuracy"))
        #expect(try group.attributes.value("title") == .string("Numbers of each step"))
      }
      #expect(try root.attributes.value("schema") == .string("prerl.training"))
      #expect(try root.attributes.value("schema_version") == .integer(1))
      #expect(try root.attributes.value("complete") == .integer(1))
      #expect(try root.attributes.value("default") == .string("evaluation"))
      #expect(try root.attributes.value("config") == .string("{}"))
    }
  }

  @Test func updatesAreAGroupOfTheirOwn() throws {
    try withTemporaryDirectory { folder in
      var file = Self.file(evaluated: [0])
      file.updates = VariableGroup(
        axes: [
          .steps([["step": 0], ["step": 5], ["step": 10]]), Axis("rule", "update rule", .count(2)),
        ],
        variables: [
          Variable("efficiency", "e", over: ["step", "rule"]) { .reals([0, 1, 2, .nan, 4, 5]) }
        ])
      try file.write(to: folder + "/training.h5")
      let root = try HDF5File.open(folder + "/training.h5").root
      #expect(try root.members().map(\.name) == ["steps", "evaluation", "update"])
      let group = try root.group("update")
      #expect(try group.dataset("step").read(Int64.self) == [0, 5, 10])
      #expect(try group.dataset("efficiency").scaleNames == ["step", "rule"])
      expectClose(try group.dataset("efficiency").read(Double.self), [0, 1, 2, .nan, 4, 5])
    }
  }

  @Test func aRunWithoutEvaluationsShowsItsSteps() throws {
    try withTemporaryDirectory { folder in
      try Self.file(evaluated: nil, isComplete: false).write(to: folder + "/training.h5")
      let root = try HDF5File.open(folder + "/training.h5").root
      #expect(try root.attributes.value("default") == .string("steps"))
      #expect(try root.attributes.value("complete") == .integer(0))
      #expect(throws: HDF5Error.self) { _ = try root.group("evaluation") }
    }
  }
}

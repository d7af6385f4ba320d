import HDF5
import TestSupport
import Testing
import Training

@Suite struct TrainingFileTests {
  private static func table(_ steps: [Int], _ names: [String]) -> TrainingTable {
    TrainingTable(
      steps: steps,
      variables: names.enumerated().map { place, name in
        TrainingTable.Variable(
          name: name, units: "token", longName: "the \(name)",
          values: steps.map { $0 == 3 ? .nan : Double($0 + place) / 3 })
      })
  }

  private static func file(evaluated: [Int], isComplete: Bool = true) -> TrainingFile {
    TrainingFile(
      steps: table([1, 2, 3], ["accuracy", "completions/mean_length"]),
      evaluation: table(evaluated, ["accuracy", "accuracy_low"]), isComplete: isComplete,
      attributes: [("config", "{}")], history: "today: prerl train")
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
      }
      #expect(try root.attributes.value("schema") == .string("prerl.training"))
      #expect(try root.attributes.value("schema_version") == .integer(1))
      #expect(try root.attributes.value("complete") == .integer(1))
      #expect(try root.attributes.value("default") == .string("evaluation"))
      #expect(try root.attributes.value("config") == .string("{}"))
    }
  }

  @Test func updatesLieOverStepsAndRules() throws {
    try withTemporaryDirectory { folder in
      var file = Self.file(evaluated: [0])
      file.updates = UpdateTable(
        steps: [0, 5, 10], ruleNames: ["RL", "PreRL"],
        variables: [
          UpdateTable.Variable(
            name: "efficiency", longName: "e", extent: .rule, values: (0..<6).map { Double($0) }),
          UpdateTable.Variable(
            name: "cosine", longName: "c", extent: .pair, values: (0..<12).map { Double($0) }),
          UpdateTable.Variable(
            name: "drift", longName: "d", extent: .step, values: [1, .nan, 3]),
        ])
      try file.write(to: folder + "/training.h5")
      let group = try HDF5File.open(folder + "/training.h5").root.group("update")
      #expect(try group.dataset("step").read(Int64.self) == [0, 5, 10])
      #expect(try group.dataset("rule_name").read(String.self) == ["RL", "PreRL"])
      #expect(try group.dataset("efficiency").shape == [3, 2])
      #expect(try group.dataset("cosine").shape == [3, 2, 2])
      #expect(try group.dataset("cosine").read(Double.self) == (0..<12).map { Double($0) })
      expectClose(try group.dataset("drift").read(Double.self), [1, .nan, 3])
      #expect(try group.attributes.value("signal") == .string("efficiency"))
    }
  }

  @Test func aRunWithoutEvaluationsShowsItsSteps() throws {
    try withTemporaryDirectory { folder in
      try Self.file(evaluated: [], isComplete: false).write(to: folder + "/training.h5")
      let root = try HDF5File.open(folder + "/training.h5").root
      #expect(try root.attributes.value("default") == .string("steps"))
      #expect(try root.attributes.value("complete") == .integer(0))
      #expect(throws: HDF5Error.self) { _ = try root.group("evaluation") }
    }
  }
}

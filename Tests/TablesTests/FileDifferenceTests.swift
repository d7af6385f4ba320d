import Foundation
import HDF5
import Runs
import StrictJSON
import Tables
import TestSupport
import Testing

@Suite struct FileDifferenceTests {
  static func write(
    _ path: String, values: [Double], names: [String] = ["é", "b"], counts: [Int] = [1, 2],
    extra: String? = nil, history: String = "a"
  ) throws {
    let file = try HDF5File.create(path)
    let root = try file.root
    try root.attributes.set("history", to: history)
    let group = try root.createGroup("group")
    try group.scale("x", count: values.count, longName: "axis")
    let values = try group.variable("values", values, over: ["x"], longName: "values")
    try group.write("names", names, longName: "names")
    try group.write("counts", counts, longName: "counts")
    try root.createGroup("again").link(values)
    if let extra { try root.scalar(extra, 1, longName: "extra") }
    try file.close()
  }

  @Test func differencesAreCountedAndMeasured() throws {
    try withTemporaryDirectory { folder in
      let (a, b) = (folder + "/a.h5", folder + "/b.h5")
      try Self.write(a, values: [1, 2, .nan, 0, -1, 8], history: "a")
      try Self.write(b, values: [1, 2.5, .nan, -0.0, .nan, 8.0001], history: "b")
      let difference = try FileDifference(a, b)
      // 8.0001 and the pairs (2, 2.5) and (−1, NaN); NaN equals NaN and 0 equals −0.
      #expect(
        difference.quantities == [
          .init(
            path: "group/values",
            kind: .values(
              count: 3, total: 6, maximumAbsolute: .infinity, maximumRelative: .infinity))
        ])
      #expect(difference.comparedCount == 4)  // the second name of `values` is not another dataset
      #expect(difference.attributes.map(\.path) == ["@history"])
      #expect(difference.attributes[0].first == "a" && difference.attributes[0].second == "b")
      #expect(difference.json.objectValue?["equal"] == .bool(false))

      try Self.write(b, values: [1, 2, .nan, 0, -1, 8.0001])
      let small = try FileDifference(a, b).quantities[0].kind
      guard case .values(1, 6, let absolute, let relative) = small else {
        Issue.record("\(small)")
        return
      }
      expectClose(absolute, 1e-4, relative: 1e-6)
      expectClose(relative, 1e-4 / 8.0001, relative: 1e-6)
      #expect(try FileDifference(a, b, tolerance: 1e-4).isEmpty)
      #expect(try !FileDifference(a, b, tolerance: 1e-5).isEmpty)
      #expect(try FileDifference(a, a).isEmpty)
    }
  }

  @Test func textsIntegersAndMissingDatasetsDiffer() throws {
    try withTemporaryDirectory { folder in
      let (a, b) = (folder + "/a.h5", folder + "/b.h5")
      try Self.write(a, values: [1], extra: "first")
      // The same letter in another normal form is another text.
      try Self.write(
        b, values: [1, 2], names: ["e\u{301}", "b"], counts: [1, 4], extra: "second")
      let kinds = try FileDifference(a, b).quantities
      #expect(
        kinds.map(\.path) == [
          "group/x", "group/values", "group/names", "group/counts", "first", "second",
        ])
      #expect(kinds[1].kind == .layout(first: "float64 [1]", second: "float64 [2]"))
      guard case .values(1, 2, let absolute, _) = kinds[2].kind else {
        Issue.record("\(kinds[2])")
        return
      }
      #expect(absolute.isNaN)
      #expect(
        kinds[3].kind
          == .values(count: 1, total: 2, maximumAbsolute: 2, maximumRelative: 0.5))
      #expect(kinds[4].kind == .onlyInFirst && kinds[5].kind == .onlyInSecond)
    }
  }

  @Test func absentAndForeignFilesAreErrors() throws {
    try withTemporaryDirectory { folder in
      let (a, b) = (folder + "/a.h5", folder + "/b.h5")
      try Self.write(a, values: [1])
      #expect(throws: HDF5Error.self) { try FileDifference(a, b) }
      try Data("text".utf8).write(to: URL(fileURLWithPath: b))
      #expect(throws: HDF5Error.self) { try FileDifference(a, b) }
    }
  }
}

@Suite struct InspectionTests {
  @Test func checkpointsAreListedWithTheirSettings() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("ModelCoreTests/Fixtures/qwen3-tied")
    let checkpoint = try Inspection(folder.path)
    #expect(checkpoint.kind == "checkpoint")
    #expect(checkpoint.facts.contains { $0.name == "model_type" && $0.value == "qwen3" })
    let row = try #require(checkpoint.rows.first { $0[0] == "model.norm.weight" })
    #expect(row[2] == row[3])  // one axis: its extent is the number of elements
    let file = try Inspection(folder.path + "/model.safetensors")
    #expect(file.kind == "safetensors file" && file.rows == checkpoint.rows)
  }

  @Test func otherFilesAreRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/text.txt"
      #expect(throws: OutputError.self) { try Inspection(path) }
      try Data("text".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: OutputError.self) { try Inspection(path) }
      #expect(throws: (any Error).self) { try Inspection(folder) }
    }
  }
}

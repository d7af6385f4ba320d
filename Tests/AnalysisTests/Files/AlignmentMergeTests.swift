import Analysis
import Foundation
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tables
import TestSupport
import Testing

@Suite struct AlignmentMergeTests {
  /// Expects two files without a difference in any dataset, one of at least `count`.
  static func expectEqual(
    _ a: String, _ b: String, atLeast count: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let difference = try FileDifference(a, b)
    #expect(difference.quantities == [], sourceLocation: sourceLocation)
    #expect(difference.comparedCount >= count, sourceLocation: sourceLocation)
  }

  static func write(_ run: SyntheticRun, shards count: Int, in folder: String) throws -> [String] {
    try (0..<count).compactMap { Shard(index: $0, count: count) }.map { shard in
      let path = "\(folder)/part-\(shard.index)-of-\(count).h5"
      let config: JSON = ["seed": 5, "shard": .string(shard.description)]
      try run.write(path, shard: shard, attributes: run.attributes(config: config))
      return path
    }
  }

  @Test(arguments: [(Precision.float64, 1), (.float64, 2), (.float32, 3)])
  func shardsJoinedAreBitwiseTheWholeRun(precision: Precision, count: Int) throws {
    try withTemporaryDirectory { folder in
      // All controls once: their files have many datasets.
      var run = SyntheticRun(
        controls: count == 3
          ? AlignmentControls.names : [NullContextSweep.name, Cross.name, FirstOrder.name],
        scoresFirst: count != 2)
      run.precision = precision
      let (whole, joined) = (folder + "/whole.h5", folder + "/joined.h5")
      try run.write(whole, attributes: run.attributes(config: ["seed": 5, "shard": .null]))
      let parts = try Self.write(run, shards: count, in: folder)
      try AlignmentMerge.write(parts.reversed(), to: joined, history: "joined")
      try Self.expectEqual(whole, joined, atLeast: count == 3 ? 1000 : 150)
      let attributes = try HDF5File.open(joined).root.attributes
      #expect(try attributes.value("complete") == .integer(1))
      #expect(try !attributes.contains("shard"))
      #expect(try attributes.value("config") == .string("{\"seed\":5,\"shard\":null}"))
      #expect(
        try attributes.value("config_sha256")
          == .string(Manifest.hash(of: ["seed": 5, "shard": .null])))
      #expect(try "\(attributes.value("history"))".hasSuffix("\njoined"))
    }
  }

  /// Rollouts without rewards leave `update` out, in the parts and in the whole.
  @Test func rewardsThatAreMissingStayMissing() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun(24, tokenProducts: false, rewarded: false)
      #expect(!run.plan.controlNames.contains(Update.name))
      try run.write(folder + "/whole.h5")
      try AlignmentMerge.write(
        Self.write(run, shards: 5, in: folder), to: folder + "/joined.h5")
      try Self.expectEqual(folder + "/whole.h5", folder + "/joined.h5", atLeast: 100)
    }
  }

  @Test func dumpedGradientsAreKept() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun(16, controls: [])
      func write(_ shard: Shard?, _ name: String) throws -> String {
        let samples = shard?.range(of: 16) ?? 0..<16
        let file = AlignmentFile(
          plan: run.plan, groups: run.groups, precision: .float32, shard: shard, isComplete: true,
          attributes: run.attributes())
        let results = AlignmentResults(run.plan, samples: samples, row: run.row)
        try file.write(results, to: folder + name, row: run.row) { group in
          for sample in samples {
            let group = try group.createGroup("\(sample)/marginal")
            try group.scale("output_2", count: 2, longName: "index")
            try group.scale("input_3", count: 3, longName: "index")
            try group.variable(
              "a.weight", (0..<6).map { Float($0 + sample) }, over: ["output_2", "input_3"],
              longName: "gradient")
          }
        }
        return folder + name
      }
      let whole = try write(nil, "/whole.h5")
      let parts = try (0..<2).map { try write(Shard(index: $0, count: 2), "/\($0).h5") }
      try AlignmentMerge.write(parts, to: folder + "/joined.h5")
      try Self.expectEqual(whole, folder + "/joined.h5", atLeast: 48)
      let root = try HDF5File.open(folder + "/joined.h5").root
      let gradient = try root.dataset("gradients/13/marginal/a.weight")
      #expect(try gradient.scaleNames == ["output_2", "input_3"])
    }
  }

  @Test func partsThatDoNotBelongTogetherAreRefused() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun(controls: [Cross.name])
      let parts = try Self.write(run, shards: 3, in: folder)
      func refuses(
        _ parts: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
      ) {
        do {
          try AlignmentMerge.write(parts, to: folder + "/joined.h5")
          Issue.record("no error, expected \(words)", sourceLocation: sourceLocation)
        } catch let error as OutputError {
          for word in words where !error.description.contains(word) {
            Issue.record("'\(error)' does not say '\(word)'", sourceLocation: sourceLocation)
          }
          #expect(error.kind == .usage && !error.description.contains("\n"))
        } catch {
          Issue.record("\(error)", sourceLocation: sourceLocation)
        }
      }
      #expect(
        (0..<3).map { Shard(index: $0, count: 3)?.range(of: 40) } == [0..<8, 8..<24, 24..<40])
      refuses([parts[0], parts[2]], "part-2-of-3.h5", "8..<24 of 40", "shard 1/3")
      refuses([parts[0], parts[1]], "part-1-of-3.h5", "24..<40 of 40", "shard 2/3")
      refuses([parts[1], parts[2]], "the first rollouts", "shard 0")
      refuses(parts + [parts[1]], "part-1-of-3.h5", "from 8 on", "from 24 on")

      let part = folder + "/other.h5"
      let shard = Shard(index: 1, count: 3)
      func other(
        _ other: SyntheticRun = run, samples: Range<Int>? = nil, isComplete: Bool = true,
        config: JSON = ["seed": 5, "shard": "1/3"], rollouts: String = "abc"
      ) throws -> [String] {
        try other.write(
          part, samples: samples, shard: shard, isComplete: isComplete,
          attributes: other.attributes(config: config, rollouts: rollouts))
        return [parts[0], part, parts[2]]
      }
      refuses(try other(config: ["seed": 6, "shard": "1/3"]), "other.h5", "config.seed is 6", "5")
      refuses(try other(rollouts: "xyz"), "other.h5", "hash of the rollouts is xyz", "abc")
      refuses(try other(samples: 8..<20, isComplete: false), "other.h5", "unfinished, with 12")
      refuses(try other(samples: 8..<16), "part-2-of-3.h5", "16..<24 of 40")
      refuses(try other(samples: 7..<24), "other.h5", "from 7 on", "from 8 on")
      var double = run
      double.precision = .float64
      refuses(try other(double), "other.h5", "precision is float64", "float32")
      refuses(try other(SyntheticRun(controls: [])), "other.h5", "options.controls")
      refuses(try other(SyntheticRun(32, controls: [Cross.name])), "number of rollouts is 32", "40")
      _ = try other()
      try AlignmentMerge.write([parts[0], part, parts[2]], to: folder + "/joined.h5")

      let foreign = try HDF5File.create(folder + "/foreign.h5")
      try foreign.root.attributes.set("schema", to: "something")
      try foreign.close()
      refuses([folder + "/foreign.h5"], "foreign.h5", "no alignment result")
    }
  }

  @Test func shardsCutAtBlocksAndCoverEverything() {
    for total in [0, 1, 7, 8, 9, 40, 400, 12345] {
      for count in [1, 2, 3, 7, 100] {
        var end = 0
        for range in (0..<count).compactMap({ Shard(index: $0, count: count)?.range(of: total) }) {
          #expect(range.lowerBound == end)
          end = range.upperBound
          #expect(end == total || end % Shard.block == 0)
        }
        #expect(end == total)
      }
    }
    #expect(Shard("0/4") == Shard(index: 0, count: 4))
    for text in ["", "4", "4/4", "-1/4", "0/0", "a/b", "1/2/3", "0/", "/2"] {
      #expect(Shard(text) == nil)
    }
    #expect(Shard(index: 99, count: 100)?.range(of: Int.max / 2).upperBound == Int.max / 2)
  }
}

import Analysis
import HDF5
import KeyedRandom
import Statistics
import StrictJSON
import Tables
import TestSupport
import Testing

@Suite struct ThoughtFileTests {
  private let lexicon = ThoughtLexicon(
    name: "mine", version: "1",
    kinds: [
      .init(name: "reflection", startsWith: ["Wait"]), .init(name: "other", contains: ["x y"]),
    ])
  private let bootstrap = BootstrapT(key: RandomKey(seed: 0), replicates: 100)

  private func source(_ path: String, factor: Int) -> ThoughtSource {
    var table = ThoughtTable(kindCount: 3)
    for row in 0..<20 {
      table.append(
        cluster: row / 2, problem: row / 2, length: 10 + row, reward: row == 0 ? nil : 1.0,
        counts: [factor * (row % 3), 0, 2])
    }
    return ThoughtSource(
      path: path, unit: .words, table: table, ids: (0..<20).map { "r\($0)" },
      problemNames: (0..<10).map { "p\($0)" }, clusterNames: (0..<10).map { "c\($0)" },
      bootstrap: bootstrap)
  }

  private func result() -> ThoughtResult {
    var result = ThoughtResult(
      lexicon: lexicon, first: source("a", factor: 1), second: source("b", factor: 3),
      bootstrap: bootstrap)
    var agreement = LexiconAgreement(lexicon, lexicon)
    let text = Array("x\n\nWait\n\nb".utf8)
    let thoughts = ThoughtClassifier(lexicon).thoughts(in: text)
    for cluster in 0..<3 { agreement.add(thoughts, thoughts, of: text, cluster: cluster) }
    result.agreement = (lexicon, agreement)
    var truth = ThoughtTruth(lexicon)
    for cluster in 0..<3 { truth.add(thoughts, labels: [0, 1], cluster: cluster) }
    result.truth = (.labels, truth)
    truth.add(thoughts, labels: [1, 1], cluster: 3)
    result.secondTruth = truth
    var tokens = ThoughtTokens(kindCount: 3)
    for cluster in 0..<3 {
      tokens.add(
        ThoughtTokens.Values(
          logMarginal: [-1, -2], logConditional: [-1.5, -1], entropyMarginal: [1, 2],
          entropyConditional: [2, 1], innerProduct: [1, 3]),
        kinds: [0, 2], openings: [true, true], cluster: cluster)
    }
    result.tokens = ("a.h5", 3, ThoughtTokenStatistics.rows(tokens, bootstrap: bootstrap))
    return result
  }

  @Test func theFileHoldsWhatWasCountedWithScalesAndNames() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/t.h5"
      try ThoughtFile(result(), attributes: [("version", "9")]).write(to: path)
      let root = try HDF5File.open(path).root
      #expect(try root.attributes.value("schema") == .string("prerl.thoughts"))
      #expect(try root.attributes.value("schema_version") == .integer(1))
      #expect(try root.attributes.value("tokens") == .string("words"))
      #expect(try root.attributes.value("version") == .string("9"))
      #expect(
        try root.members().map(\.name)
          == [
            "first", "second", "fold_change", "agreement", "truth", "second_truth", "alignment",
          ])
      #expect(
        try root.dataset("first/kinds/kind_name").read(String.self)
          == ["reflection", "other", "execution"])
      #expect(try root.dataset("first/kinds/count").read(Int.self) == [19, 0, 40])
      #expect(try root.dataset("second/kinds/count").read(Int.self) == [57, 0, 40])
      #expect(try root.dataset("first/samples/count").shape == [20, 3])
      #expect(try root.dataset("first/samples/id").read(String.self)[19] == "r19")
      #expect(try root.dataset("first/samples/cluster").read(String.self)[19] == "c9")
      #expect(try root.dataset("first/strata/per_response").scaleNames == ["stratum", "kind"])
      #expect(try root.dataset("fold_change/base_count").read(Int.self) == [19, 0, 40])
      let fold = try root.dataset("fold_change/per_response").read(Double.self)
      #expect(abs(fold[0] - 3) < 1e-9 && fold[1].isNaN && fold[2] == 1)
      #expect(try root.dataset("agreement/kappa").read(Double.self) == [1])
      #expect(try root.dataset("truth/precision_n").read(Int.self) == [3, 0, 3])
      #expect(try root.dataset("second_truth/precision_n").read(Int.self) == [4, 0, 4])
      #expect(try root.dataset("alignment/logp_gap").read(Double.self)[0] == 0.5)
      #expect(
        try root.dataset("alignment/first_tokens/logp_gap_contrast").read(Double.self)[0] == -0.5)
      // Every variable has a scale on every axis.
      for member in try root.descendants() where member.kind == .dataset {
        let dataset = try root.dataset(member.name)
        if try !dataset.isScale {
          #expect(try dataset.scaleNames.allSatisfy { $0 != nil }, "\(member.name)")
        }
      }
    }
  }

  @Test func datasetsDoNotDependOnWhenTheyWereWritten() throws {
    try withTemporaryDirectory { folder in
      try ThoughtFile(result(), attributes: [("start_utc", "1")]).write(to: folder + "/a")
      try ThoughtFile(result(), attributes: [("start_utc", "2")]).write(to: folder + "/b")
      let difference = try FileDifference(folder + "/a", folder + "/b", tolerance: 0)
      #expect(difference.quantities.isEmpty)
      #expect(difference.comparedCount > 100)
    }
  }

  @Test func jsonHoldsTheSameNumbersAndNullForWhatIsNotDefined() throws {
    let json = try #require(result().json.objectValue)
    let change = json["fold_change"]?.objectValue?["other"]?.objectValue
    #expect(change?["base_count"] == 0)
    #expect(
      try JSON.parse(result().json.text()).objectValue?["fold_change"]?.objectValue?["other"]?
        .objectValue?["per_response"]?.objectValue?["mean"] == .null)
    let strata = json["first"]?.objectValue?["strata"]?.arrayValue
    #expect(strata?.count == 7)
    let all = strata?[0].objectValue
    #expect(all?["kinds"]?.objectValue?["reflection"]?.objectValue?["count"] == 19)
    #expect(all?["accuracy"]?.objectValue?["mean"] == 1.0)
    #expect(
      json["alignment"]?.objectValue?["first_tokens"]?.objectValue?["reflection"]?
        .objectValue?["logp_gap"]?.objectValue?["minus_execution"]?.objectValue?["mean"] == -0.5)
  }
}

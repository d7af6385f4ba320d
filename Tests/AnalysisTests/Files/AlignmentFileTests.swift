import Analysis
import Foundation
import HDF5
import KeyedRandom
import ModelCore
import Runs
import Statistics
import StrictJSON
import TestSupport
import Testing

@Suite struct AlignmentFileTests {
  /// Datasets of the schema: name, type, scales.
  static let schema = """
    samples/sample int64 -
    samples/id string sample
    samples/problem_id string sample
    samples/cluster string sample
    samples/problem int64 sample
    samples/reward float64 sample
    samples/prompt_length int64 sample
    samples/response_length int64 sample
    samples/inner_product float64 sample
    samples/cosine float64 sample
    samples/norm_marginal float64 sample
    samples/norm_conditional float64 sample
    samples/logp_marginal float64 sample
    samples/logp_conditional float64 sample
    samples/logp_gap float64 sample
    samples/logp_difference float64 sample
    prompts/prompt_offset int64 -
    prompts/token int64 -
    prompts/token_id int32 token
    groups/sample int64 -
    groups/group int64 -
    groups/layer int32 group
    groups/module string group
    groups/group_name string group
    groups/inner_product float64 sample,group
    groups/squared_norm_marginal float64 sample,group
    groups/squared_norm_conditional float64 sample,group
    tokens/sample_offset int64 -
    tokens/token int64 -
    tokens/token_id int32 token
    tokens/position int32 token
    tokens/logp_marginal float32 token
    tokens/logp_conditional float32 token
    tokens/entropy_marginal float32 token
    tokens/entropy_conditional float32 token
    tokens/inner_product float32 token
    controls/cross/marginal_sample int64 -
    controls/cross/conditional_sample int64 -
    controls/cross/inner_product float64 marginal_sample,conditional_sample
    controls/cross/cosine float64 marginal_sample,conditional_sample
    controls/cross/norm_marginal float64 marginal_sample
    controls/cross/norm_conditional float64 conditional_sample
    controls/update/vector_a int64 -
    controls/update/vector_b int64 -
    controls/update/batch_a int64 -
    controls/update/batch_b int64 -
    controls/update/gram float64 vector_a,vector_b,batch_a,batch_b
    controls/update/vector_name string vector_a
    controls/update/batch_rollouts int64 batch_a
    controls/update/batch_tokens int64 batch_a
    controls/first-order/direction int64 -
    controls/first-order/step int64 -
    controls/first-order/direction_name string direction
    controls/first-order/direction_sample int64 direction
    controls/first-order/length float64 step
    controls/first-order/predicted float64 direction,step
    controls/first-order/actual float64 direction,step
    controls/first-order/collateral float64 direction,step
    controls/first-order/validity_radius float64 direction
    controls/first-order/adam_rule int64 -
    controls/first-order/adam_rate int64 -
    controls/first-order/adam_rule_name string adam_rule
    controls/first-order/learning_rate float64 adam_rate
    controls/first-order/adam_length float64 adam_rule,adam_rate
    controls/first-order/adam_predicted float64 adam_rule,adam_rate
    controls/first-order/adam_actual float64 adam_rule,adam_rate
    controls/first-order/adam_collateral float64 adam_rule,adam_rate
    """

  static let metricSchema = """
    rule int64 -
    rule_a int64 -
    rule_b int64 -
    rule_name string rule
    reliability float64 rule
    efficiency float64 rule
    batch_efficiency float64 rule
    corrected_cosine float64 rule_a,rule_b
    """

  static let rowControls =
    ["mismatched-prompt", "random-prompt", "shuffled-response", "mixture", "untrained"]
    + (0..<3).map { "null-context/\($0)" } + (0..<16).map { "breakdown/\($0)" }

  static var expected: [String] {
    var lines = schema.split(separator: "\n").map(String.init)
    let rows = lines.filter { $0.hasPrefix("samples/") }.map { $0.dropFirst(8) }
    for control in rowControls { lines += rows.map { "controls/\(control)/\($0)" } }
    for metric in ["raw", "adam", "step", "raw_first_token_masked", "step_first_token_masked"] {
      let shares = metric == "raw" ? ["first_token_share float64 rule"] : []
      for line in metricSchema.split(separator: "\n").map(String.init) + shares {
        let name = line.prefix { $0 != " " }
        let hasEnds = line.hasSuffix("float64 rule") || line.hasSuffix("rule_a,rule_b")
        for end in hasEnds ? ["", "_low", "_high"] : [""] {
          lines.append("controls/update/\(metric)/\(name)\(end)\(line.dropFirst(name.count))")
        }
      }
      for space in ["marginal", "conditional"] {
        for end in ["", "_low", "_high"] {
          lines.append("controls/update/\(metric)/drift_share_\(space)\(end) float64 -")
        }
      }
    }
    return lines.sorted()
  }

  /// PRERL_SAMPLE_ALIGNMENT=PATH keeps the file, for Tests/python/check_layout.py.
  @Test func theFileHoldsTheSchemaAndNothingElse() throws {
    try withTemporaryDirectory { folder in
      let kept = ProcessInfo.processInfo.environment["PRERL_SAMPLE_ALIGNMENT"]
      let path = kept ?? folder + "/a.h5"
      try SyntheticRun().write(path)
      let root = try HDF5File.open(path).root
      let members = try root.descendants()
      var found: [String] = []
      for member in members where member.kind == .dataset && !member.name.hasPrefix("summary/") {
        let dataset = try root.dataset(member.name)
        let scales = try dataset.isScale ? [] : dataset.scaleNames.map { $0 ?? "?" }
        found.append(
          "\(member.name) \(try dataset.elementType) "
            + (scales.isEmpty ? "-" : scales.joined(separator: ",")))
      }
      #expect(found.sorted() == Self.expected)
      let tops = try root.members().map(\.name)
      #expect(tops == ["samples", "prompts", "groups", "tokens", "controls", "summary"])

      // Texts of the user never name a group: they are attributes of a numbered one.
      for place in ["controls", "summary/controls"] {
        let sweep = try (0..<3).map {
          try root.group("\(place)/null-context/\($0)").attributes.value("name")
        }
        #expect(sweep == ["bos", "token:a.b/c", "token:a"].map { .string($0) })
        #expect(
          try root.group("\(place)/breakdown/0").attributes.value("title")
            == .string("rollouts with reward > 0"))
      }
      for (name, value) in [
        ("schema", "prerl.alignment"), ("default", "samples"), ("NX_class", "NXroot"),
        ("config", "{\"seed\":5}"), ("history", "2026-01-31T12:00:00Z: prerl align"),
        ("precision", "float32"),
      ] {
        #expect(try root.attributes.value(name) == .string(value))
      }
      #expect(try root.attributes.value("schema_version") == .integer(1))
      #expect(try root.attributes.value("complete") == .integer(1))
      #expect(try root.group("samples").attributes.value("signal") == .string("cosine"))
    }
  }

  @Test(arguments: [Precision.float32, .float64])
  func everyValueIsThatOfTheRecords(precision: Precision) throws {
    try withTemporaryDirectory { folder in
      var run = SyntheticRun(scoresFirst: precision == .float32)
      run.precision = precision
      try run.write(folder + "/a.h5")
      let root = try HDF5File.open(folder + "/a.h5").root
      let samples = run.plan.rollouts.indices.map(run.sample)
      let rollouts = run.plan.rollouts
      func numbers(_ path: String) throws -> [UInt64] {
        try root.dataset(path).read(Double.self).map(\.bitPattern)
      }
      func expect(
        _ path: String, _ expected: [Double], isToken: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let rounded =
          isToken && precision == .float32 ? expected.map { Double(Float($0)) } : expected
        #expect(
          try numbers(path) == rounded.map(\.bitPattern), "\(path)", sourceLocation: sourceLocation)
      }
      func expectPairs(_ group: String, _ rows: [PairSummary]) throws {
        try expect(group + "/inner_product", rows.map(\.innerProduct))
        try expect(group + "/cosine", rows.map(\.cosine))
        try expect(group + "/norm_marginal", rows.map(\.normMarginal))
        try expect(group + "/norm_conditional", rows.map(\.normConditional))
        try expect(group + "/logp_marginal", rows.map(\.logMarginal))
        try expect(group + "/logp_conditional", rows.map(\.logConditional))
        try expect(group + "/logp_gap", rows.map(\.gap))
        try expect(group + "/logp_difference", rows.map(\.difference))
      }
      let main = samples.map { $0.pair.summary(.mean) }
      #expect(main[4].cosine.isNaN)
      try expectPairs("samples", main)
      let entries = run.plan.entries
      #expect(entries.count == Self.rowControls.count)
      for (place, entry) in entries.enumerated() {
        let number = entries[..<place].count { $0.control == entry.control }
        let path = entry.control + (entry.name.isEmpty ? "" : "/\(number)")
        try expectPairs("controls/\(path)", samples.map { $0.controls[place] })
      }
      try expect("groups/inner_product", samples.flatMap(\.pair.innerProducts))
      try expect("groups/squared_norm_marginal", samples.flatMap(\.pair.squaredNormsMarginal))
      try expect("groups/squared_norm_conditional", samples.flatMap(\.pair.squaredNormsConditional))
      try expect("tokens/logp_marginal", samples.flatMap(\.pair.logMarginal), isToken: true)
      try expect("tokens/logp_conditional", samples.flatMap(\.pair.logConditional), isToken: true)
      try expect("tokens/entropy_marginal", samples.flatMap(\.pair.entropyMarginal), isToken: true)
      try expect(
        "tokens/entropy_conditional", samples.flatMap(\.pair.entropyConditional), isToken: true)
      try expect("tokens/inner_product", samples.flatMap(\.pair.tokenInnerProducts), isToken: true)

      #expect(try root.dataset("samples/id").read() == rollouts.map(\.id))
      #expect(try root.dataset("samples/reward").read() == rollouts.compactMap(\.reward))
      #expect(try root.dataset("samples/problem").read() == run.plan.problems)
      #expect(try root.dataset("prompts/token_id").read() == rollouts.flatMap(\.promptTokens))
      let offsets = try root.dataset("tokens/sample_offset").read(Int.self)
      let tokens = try root.dataset("tokens/token_id").read(Int32.self)
      let positions = try root.dataset("tokens/position").read(Int32.self)
      for (index, rollout) in rollouts.enumerated() {
        let range = offsets[index]..<offsets[index + 1]
        #expect(Array(tokens[range]) == rollout.responseTokens)
        #expect(Array(positions[range]) == (0..<Int32(range.count)).map(\.self))
      }
      #expect(
        try root.dataset("groups/group_name").read(String.self)
          == ["embed_tokens", "layers.0.self_attn.q_proj", "layers.0.mlp.down_proj", "norm"])

      let cross = run.cross
      try expect("controls/cross/inner_product", cross.innerProducts)
      try expect("controls/cross/cosine", cross.cosines)
      let update = run.update
      try expect("controls/update/gram", update.gram)
      let statistics = update.statistics(.step)
      try expect(
        "controls/update/step/reliability_low", statistics.vectors.map(\.reliability.low))
      let cosines = try root.dataset("controls/update/step/corrected_cosine").read(Double.self)
      let pair = try #require(statistics.pairs.first)
      #expect(!pair.correctedCosine.estimate.isNaN)
      #expect(cosines[1] == pair.correctedCosine.estimate && cosines[8] == cosines[1])
      #expect(cosines[0] == 1)
      try expect(
        "controls/update/raw/drift_share_marginal_high",
        [update.statistics(.raw).driftShareMarginal.high])
      try expect(
        "controls/first-order/validity_radius", Array(repeating: 0.5, count: 2 + 8))
    }
  }

  @Test func anInterruptedFileIsAPrefixOfTheFinishedOne() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun()
      try run.write(folder + "/whole.h5")
      for count in [0, 1, 13] {
        let path = folder + "/part.h5"
        let summary = try run.write(path, samples: 0..<count, isComplete: false)
        #expect(summary.rolloutCount == count)
        let (part, whole) = try (HDF5File.open(path).root, HDF5File.open(folder + "/whole.h5").root)
        #expect(try part.attributes.value("complete") == .integer(0))
        #expect(try part.attributes.value("sample_total") == .integer(40))
        var compared = 0
        for member in try part.descendants()
        where member.kind == .dataset && !member.name.hasPrefix("summary/") {
          let (own, other) = try (part.dataset(member.name), whole.dataset(member.name))
          let rows = 0..<(try own.shape[0])
          if try own.elementType == .string {
            #expect(try own.read(String.self) == other.read(String.self, rows: rows))
          } else if try own.elementType.isNumeric, try own.elementType != .int64 {
            let values = try (own.read(Double.self), other.read(Double.self, rows: rows))
            #expect(values.0.map(\.bitPattern) == values.1.map(\.bitPattern), "\(member.name)")
          } else {
            #expect(try own.read(Int.self) == other.read(Int.self, rows: rows), "\(member.name)")
          }
          compared += 1
        }
        #expect(compared == 36 + Self.rowControls.count * 16)
        #expect(try part.dataset("samples/cosine").shape == [count])
        #expect(try !part.contains("controls/cross"))
      }
    }
  }

  @Test func aShardSummarisesItsOwnRollouts() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun(controls: [])
      let shard = try #require(Shard(index: 1, count: 2))
      let summary = try run.write(folder + "/a.h5", shard: shard)
      let range = shard.range(of: 40)
      #expect(range == 16..<40)
      let mean = summary[[], "cosine_mean"]
      let sample = ClusteredSample(
        range.map { run.sample($0).pair.summary(.mean).cosine },
        clusters: range.map { run.plan.rollouts[$0].cluster })
      let bootstrap = BootstrapT(key: RandomKey(seed: 5).derive("bootstrap"), replicates: 50)
      #expect(mean == sample.mean(bootstrap))
      let root = try HDF5File.open(folder + "/a.h5").root
      #expect(
        try root.dataset("samples/sample").read(Int.self) == Array(range))
      #expect(try root.attributes.value("shard") == .string("1/2"))
    }
  }

  @Test func summaryJSONHasTheKeysAndValuesOfTheFile() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun()
      let summary = try run.write(folder + "/a.h5")
      let group = try HDF5File.open(folder + "/a.h5").root.group("summary")
      var found: [String] = []
      func walk(_ json: JSON, _ path: String) throws {
        guard let object = json.objectValue else {
          if path.hasSuffix("/name") || path.hasSuffix("/title") { return }
          found.append(path)
          let stored = try group.dataset(path)
          if let count = json.intValue {
            #expect(try stored.read(Int.self) == [count])
          } else {
            let value = try stored.read(Double.self)[0]
            #expect(json.isNull ? !value.isFinite : json.doubleValue == value, "\(path)")
          }
          return
        }
        for (key, value) in object.members {
          try walk(value, path.isEmpty ? key : "\(path)/\(key)")
        }
      }
      let json = try JSON.parse(summary.json.text(indent: 2))
      try walk(json, "")
      let stored = try group.descendants().filter { $0.kind == .dataset }.map(\.name)
      #expect(Set(found) == Set(stored) && found.count == stored.count)
      for key in [
        "n", "inner_product_mean", "inner_product_sd_low", "negative_fraction_high", "cosine_min",
        "cosine_undefined", "logp_gap_mean", "controls/mismatched-prompt/cosine_mean_low",
        "controls/breakdown/15/n", "controls/null-context/2/cosine_max",
        "controls/cross/other_problem/cosine_mean", "controls/update/adam/reliability/NSR-PreRL",
        "controls/update/raw/cosine/PreRL/RL", "controls/update/step/drift_share_marginal",
        "controls/first-order/validity_radius/PreRL",
      ] {
        #expect(found.contains(key), "\(key)")
      }
      #expect(json.objectValue?.keys.first == "n")
      #expect(json.objectValue?.keys.last == "controls")
      #expect(json.objectValue?["cosine_undefined"] == .integer(1))
    }
  }

  @Test func optionsComeBackFromJSON() throws {
    for run in [SyntheticRun(), SyntheticRun(controls: [], tokenProducts: false)] {
      var options = run.plan.options
      options.seed = .max
      options.reduction = .sum
      options.firstOrderSamples = 3
      let json = try JSON.parse(options.json.text())
      let decoded = try AlignmentOptions(json: json)
      #expect(decoded.json == json)
      #expect(decoded.seed == .max && decoded.controls == options.controls)
      #expect(decoded.firstOrderSamples == 3)
      #expect(decoded.nullContextSweep == options.nullContextSweep)
      #expect(decoded.specialTokens == [0, 3])
      for key in json.objectValue?.keys ?? [] {
        var object = try #require(json.objectValue)
        object[key] = "x"
        #expect(throws: JSONValueError.self) { try AlignmentOptions(json: .object(object)) }
        object[key] = nil
        // Files of versions that did not store this number have been made with its default.
        if key == "first_order_samples" { continue }
        #expect(throws: JSONValueError.self) { try AlignmentOptions(json: .object(object)) }
      }
    }
  }

  /// HDF5 would refuse the text at the end of a long run.
  @Test func textWithNULIsWrittenAllTheSame() throws {
    try withTemporaryDirectory { folder in
      let run = SyntheticRun(1, controls: [])
      let attributes = run.attributes() + [(name: "note", text: "a\0b")]
      try run.write(folder + "/a.h5", attributes: attributes)
      let root = try HDF5File.open(folder + "/a.h5").root
      #expect(try root.attributes.value("note") == .string("a\u{FFFD}b"))
    }
  }
}

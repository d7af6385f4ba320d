// `regress` passes on what it measured and bites on each perturbation; `replay` finds its bits.
import Foundation
import HDF5
import ModelCore
import StrictJSON
import Tables
import TestSupport
import Testing

@Suite struct RegressTests {
  /// A program, its rollouts and a baseline made of them, in a folder.
  static func withBaseline(_ body: (Program) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      let sampled = try program.run(
        "rollout", "--samples", "16", "--per-problem", "2", "--output", "r.jsonl", "--quiet")
      #expect(sampled.status == 0, "\(sampled.errors)")
      try program.write(
        """
        {"title": "small", "measurement": {"kind": "alignment", "rollouts": "r.jsonl", \
        "null_context": "bos"}, "quantities": {}}
        """, to: "b.json")
      let made = try program.run("regress", "--update", "b.json", "--quiet")
      #expect(made.status == 0, "\(made.errors)")
      try body(program)
    }
  }

  @Test func passesOnItselfAndCatchesEachPerturbation() throws {
    try Self.withBaseline { program in
      let same = try program.run("regress", "b.json", "--quiet", "--threads", "1")
      #expect(same.status == 0, "\(same.errors)")
      #expect(same.output.contains("quantities within their tolerances"))

      func expectCaught(_ what: String, _ arguments: [String]) throws {
        let outcome = try program.run(["regress", "b.json", "--quiet"] + arguments)
        #expect(outcome.status == 1, "\(what): \(outcome.errors)")
        #expect(
          outcome.errors.contains("prerl: b.json: ") && outcome.errors.contains("tolerances"))
      }
      try expectCaught("another null context", ["--null-context", "pad"])

      // One token of one response: a number's neighbour.
      let lines = String(decoding: try program.read("r.jsonl"), as: UTF8.self)
        .split(separator: "\n").map(String.init)
      var last = try #require(JSON.parse(lines[lines.count - 1]).objectValue)
      var tokens = try #require(last["response_ids"]?.arrayValue)
      tokens[tokens.count - 2] = .integer(tokens[tokens.count - 2].intValue == 30 ? 31 : 30)
      last["response_ids"] = .array(tokens)
      try program.write(
        (lines.dropLast() + [JSON.object(last).text()]).joined(separator: "\n") + "\n",
        to: "changed.jsonl")
      try expectCaught("one token", ["--rollouts", "changed.jsonl"])

      // One weight of a projection, off by a tenth of its standard deviation.
      let base = URL(fileURLWithPath: program.path).deletingLastPathComponent()
        .appendingPathComponent("prerl_prerl.resources/base").path
      let model = try Transformer<Float>(directory: base)
      let weight = try #require(
        model.layout.parameters.first { $0.name.hasSuffix("1.self_attn.o_proj.weight") })
      let place = weight.offset + 4321
      model.withParameters { $0.withMutableSpan { $0[place] += 0.01 } }
      try Self.save(model, program, "weight")
      try expectCaught("one weight", ["--model", "weight"])

      // The same numbers in two separate matrices: every log-probability stays, the products lose
      // the cross terms of the tied one.
      let tied = try Transformer<Float>(directory: base)
      var configuration = tied.configuration
      configuration.tiedEmbeddings = false
      let untied = Transformer<Float>(configuration)
      let values = tied.withParameters { $0.withSpan { span in span.indices.map { span[$0] } } }
      let embedding = try #require(tied.layout.parameters.first)
      let head = try #require(untied.layout.parameters.last { $0.name == "lm_head.weight" })
      untied.withParameters {
        $0.withMutableSpan { span in
          for (index, value) in values.enumerated() { span[index] = value }
          for index in 0..<head.count {
            span[head.offset + index] = values[embedding.offset + index]
          }
        }
      }
      try Self.save(untied, program, "untied")
      try expectCaught("no cross terms of the tied matrix", ["--model", "untied"])
    }
  }

  private static func save(
    _ model: Transformer<Float>, _ program: Program, _ name: String
  ) throws {
    let folder = program.folder + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try model.save(directory: folder)
  }

  @Test func givenNumbersAreComparedAndUpdatesKeepHistory() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try program.write(
        """
        {"title": "t", "measurement": {"kind": "generation", "rollouts": "r.jsonl", \
        "per_problem": 1}, "quantities": {"a.b": {"value": 1, "tolerance": 0.5, "reason": "x"}}}
        """, to: "b.json")
      try program.write(#"{"a": {"b": 1.25, "c": 7}}"#, to: "near.json")
      try program.write(#"{"a": {"b": 2}}"#, to: "far.json")
      #expect(try program.run("regress", "b.json", "--numbers", "near.json").status == 0)
      let far = try program.run("regress", "b.json", "--numbers", "far.json")
      #expect(far.status == 1)
      #expect(
        far.errors
          == "prerl: b.json: a.b is 2.0000000, 2.00 tolerances away (expected 1.0000000 within "
          + "0.50); 1 of 1 quantities fail\n".replacing("0.50)", with: "0.500)"))
      #expect(try program.run("regress", "b.json", "--numbers", "far.json", "--update").status == 0)
      let updated = try program.object("b.json")["quantities"]?.objectValue?["a.b"]?.objectValue
      #expect(updated?["value"] == .real(2) && updated?["tolerance"] == .real(0.5))
      #expect(updated?["history"]?.arrayValue?.first?.objectValue?["value"] == .real(1))
      let nothing = try program.run("regress")
      #expect(nothing.status == 2 && nothing.errors.hasPrefix("prerl: results/baselines: "))
    }
  }

  @Test func replayFindsTheSameBitsAndRefusesAnotherModel() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try ResultFileTests.align(program, "a.h5", ["--token-products", "--null-context", "eos"])
      let same = try program.run("replay", "a.h5", "--quiet", "--threads", "1")
      #expect(same.status == 0 && same.output.contains("agree bit for bit"), "\(same.errors)")

      try ResultFileTests.align(program, "part.h5", ["--shard", "0/2"])
      let part = try program.run("replay", "part.h5")
      #expect(part.status == 2 && part.errors.contains("prerl merge"))

      let trained = try program.run(
        "train",
        #filePath.replacing(
          "Tests/prerlTests/RegressTests.swift", with: "experiments/pretrain/config.json"),
        "--steps", "0", "--output", "m", "--quiet")
      #expect(trained.status == 0, "\(trained.errors)")
      let other = try program.run("replay", "a.h5", "--model", "m/checkpoint")
      #expect(other.status == 2 && other.errors.contains("expected the same model"))
    }
  }

  /// A file that was changed: the model has no such token.
  @Test func replayRefusesTokensThatTheModelLacks() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try ResultFileTests.align(program, "a.h5")
      for (dataset, token) in [("prompts/token_id", 1 << 20), ("tokens/token_id", -1)] {
        let source = try HDF5File.open(folder + "/a.h5")
        let copy = try HDF5File.create(folder + "/b.h5")
        try source.root.copyMembers(to: copy.root)
        try copy.root.dataset(dataset).write([Int32(token)], at: 0)
        try copy.close()
        let outcome = try program.run("replay", "b.h5", "--quiet")
        #expect(
          outcome.status == 2 && outcome.errors.contains("has the token \(token) (expected 0 to"))
      }
    }
  }
}

import Foundation
import StrictJSON
import Testing

@Suite struct ThoughtsTests {
  /// Three responses of two problems; counts by hand in the tests.
  private let traces = #"""
    {"id":"a","problem_id":"p","prompt":"q","reward":1,"response":"Let me see.\n\nWait, no.\n\nSo 3.\n\nAlternatively, 4.\n\nIt's correct."}
    {"id":"b","problem_id":"p","prompt":"q","reward":0,"response":"<think>Hm.\n\nThere is another way.\n\nI wait.</think>\n\nWait, done."}
    {"id":"c","problem_id":"r","prompt":"s","reward":0,"response":"é\n\nThink differently, LET ME CHECK."}

    """#

  private func count(
    _ outcome: Program.Outcome, _ kind: String, of source: String = "first", stratum: Int = 0
  ) throws -> Int? {
    let strata = try outcome.object()[source]?.objectValue?["strata"]?.arrayValue
    let kinds = strata?[stratum].objectValue?["kinds"]?.objectValue
    return kinds?[kind]?.objectValue?["count"]?.intValue
  }

  @Test func countsOfShippedLexiconsAreThoseCountedByHand() throws {
    try withProgram { program in
      try program.write(traces, to: "t.jsonl")
      for (lexicon, expected) in [
        ("seal", [3, 2, 2]), ("seal-upstream", [3, 2, 2]), ("easysteer", [4, 3, 1]),
        ("countdown", [3, 1, 0]),
      ] {
        let outcome = try program.run("thoughts", "t.jsonl", "--lexicon", lexicon, "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.object()["tokens"] == "words")
        for (kind, count) in zip(["reflection", "transition", "execution"], expected) {
          #expect(try self.count(outcome, kind) == count, "\(lexicon) \(kind)")
        }
      }
      // Without --lexicon these are SEAL's.
      let outcome = try program.run("thoughts", "t.jsonl", "--json")
      #expect(try outcome.object()["lexicon"]?.objectValue?["name"] == "seal")
      // By correctness: the right one is the first line.
      #expect(try count(outcome, "reflection", stratum: 1) == 2)
      #expect(try count(outcome, "reflection", stratum: 2) == 1)
    }
  }

  @Test func everyShippedLexiconReadsUnderItsOwnName() throws {
    try withProgram { program in
      try program.write(#"{"prompt":"q","response":"Rethink.\n\nso"}"#, to: "t.jsonl")
      let refusal = try program.run("thoughts", "t.jsonl", "--lexicon", "?").errors
      let list = try #require(refusal.split(separator: ": ").last?.split(separator: ";").first)
      let names = list.components(separatedBy: ", ")
      #expect(
        names == ["countdown", "easysteer", "seal", "seal-upstream", "understand-r1-zero"])
      for name in names {
        let outcome = try program.run("thoughts", "t.jsonl", "--lexicon", name, "--json")
        #expect(try outcome.object()["lexicon"]?.objectValue?["name"] == .string(name))
      }
      let keywords = try program.run(
        "thoughts", "t.jsonl", "--lexicon", "understand-r1-zero", "--json")
      #expect(try count(keywords, "reflection") == 1)
    }
  }

  @Test func theMisspellingOfTheSourceIsAChoice() throws {
    try withProgram { program in
      try program.write(
        #"{"prompt":"q","response":"a\n\nthink differently"}"#, to: "t.jsonl")
      for (lexicon, expected) in [("seal", 1), ("seal-upstream", 0), ("easysteer", 1)] {
        let outcome = try program.run("thoughts", "t.jsonl", "--lexicon", lexicon, "--json")
        #expect(try count(outcome, "transition") == expected)
      }
    }
  }

  @Test func movesOfTheEmbeddedTaskAreThoseThatEvaluateCounts() throws {
    try withProgram { program in
      _ = try program.run("rollout", "--samples", "400", "--output", "r.jsonl")
      let thoughts = try program.run("thoughts", "r.jsonl", "--json")
      #expect(thoughts.status == 0, "\(thoughts.errors)")
      let evaluation = try program.run("evaluate", "--rollouts", "r.jsonl", "--json").object()
      let object = try thoughts.object()
      #expect(object["tokens"] == "ids")
      #expect(object["lexicon"]?.objectValue?["name"] == "countdown")
      let all = object["first"]?.objectValue?["strata"]?.arrayValue?[0].objectValue
      for kind in ["reflection", "transition"] {
        let rate = all?["kinds"]?.objectValue?[kind]?.objectValue
        let moves = evaluation["moves"]?.objectValue
        for (own, other, factor) in [
          ("per_response", "\(kind)s", 1.0),
          ("per_thousand_tokens", "\(kind)s_per_100_tokens", 10.0),
        ] {
          for end in ["mean", "low", "high"] {
            let value = try #require(rate?[own]?.objectValue?[end]?.doubleValue)
            let expected = try #require(moves?[other]?.objectValue?[end]?.doubleValue)
            #expect(abs(value - factor * expected) < 1e-9, "\(kind) \(own) \(end)")
          }
        }
        // Every move is counted, so every useful one is.
        let truth = object["truth"]?.objectValue?["kinds"]?.objectValue?[kind]?.objectValue
        #expect(truth?["recall"]?.objectValue?["mean"] == 1.0)
        let precision = try #require(truth?["precision"]?.objectValue?["mean"]?.doubleValue)
        #expect(0.1...0.7 ~= precision)
        // An independent count of the words.
        let words = try program.objects("r.jsonl").reduce(0) { sum, line in
          let text = line["response"]?.stringValue ?? ""
          let word = kind == "reflection" ? "Wait" : "Alternatively"
          return sum + text.split(separator: " ").count { $0 == word }
        }
        #expect(try count(thoughts, kind) == words)
      }
      // The base makes a move in about one response of five.
      let rate = all?["kinds"]?.objectValue?["transition"]?.objectValue?["per_response"]
      #expect(0.1...0.4 ~= (try #require(rate?.objectValue?["mean"]?.doubleValue)))
      #expect(
        all?["accuracy"]?.objectValue?["mean"]?.doubleValue.map { ($0 * 400).rounded() }
          == evaluation["accuracy"]?.objectValue?["mean"]?.doubleValue.map { ($0 * 400).rounded() })
    }
  }

  @Test func twoFilesShowTheFoldChangeWithTheBaseCountsBesideIt() throws {
    try withProgram { program in
      try program.write(traces, to: "a.jsonl")
      try program.write(
        traces.replacing("So 3.", with: "So 3.\\n\\nWait, 4."), to: "b.jsonl")
      let outcome = try program.run("thoughts", "a.jsonl", "b.jsonl", "--json")
      let change = try outcome.object()["fold_change"]?.objectValue?["reflection"]?.objectValue
      #expect(change?["base_count"] == 3)
      #expect(change?["count"] == 4)
      let fold = try #require(change?["per_response"]?.objectValue?["mean"]?.doubleValue)
      #expect(abs(fold - 4.0 / 3) < 1e-12)
      let text = try program.run("thoughts", "a.jsonl", "b.jsonl").output
      #expect(text.contains("base count") && text.contains("accuracy 0.333"))
    }
  }

  @Test func labelsGivePrecisionAndRecall() throws {
    try withProgram { program in
      let line = #"{"id":"a","prompt":"q","response":"x\n\nWait\n\nStep\n\nLet me check","kinds":"#
      try program.write(line + #"["execution","reflection",null]}"#, to: "t.jsonl")
      let outcome = try program.run(
        "thoughts", "t.jsonl", "--label-column", "kinds", "--json")
      let truth = try outcome.object()["truth"]?.objectValue
      #expect(truth?["source"] == "labels")
      let reflection = truth?["kinds"]?.objectValue?["reflection"]?.objectValue
      #expect(reflection?["precision"]?.objectValue?["mean"] == 0.0)
      #expect(reflection?["recall"]?.objectValue?["n"] == 1)
      for (labels, message) in [
        (#"["execution"]}"#, "kinds has 1 labels (expected 3, one for each thought"),
        (#"["execution","musing",null]}"#, #"kinds[1] is "musing" (expected null or one of: "#),
        (#""reflection"}"#, #"kinds is "reflection" (expected a list of labels"#),
      ] {
        try program.write(line + labels, to: "t.jsonl")
        let outcome = try program.run("thoughts", "t.jsonl", "--label-column", "kinds")
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("prerl: t.jsonl:1: " + message), "\(outcome.errors)")
      }
      let none = try program.run("thoughts", "t.jsonl", "--label-column", "tags")
      #expect(none.errors.hasPrefix("prerl: t.jsonl: no line has the key tags"))
    }
  }

  @Test func spansArePlacesInCodePoints() throws {
    try withProgram { program in
      try program.write(traces, to: "t.jsonl")
      _ = try program.run("thoughts", "t.jsonl", "--spans", "s.jsonl")
      let lines = try program.objects("s.jsonl")
      let texts = try program.objects("t.jsonl").map { $0["response"]?.stringValue ?? "" }
      let found = zip(lines, texts).map { line, text in
        let scalars = Array(text.unicodeScalars)
        return (line["thoughts"]?.arrayValue ?? []).compactMap(\.objectValue).map { span in
          var part = String.UnicodeScalarView()
          part += scalars[(span["start"]?.intValue ?? 0)..<(span["end"]?.intValue ?? 0)]
          return "\(span["kind"]?.stringValue ?? ""): \(String(part))"
        }
      }
      #expect(
        found == [
          [
            "reflection: Wait, no.", "execution: So 3.", "transition: Alternatively, 4.",
            "reflection: It's correct.",
          ],
          ["transition: There is another way.", "execution: I wait."],
          ["reflection: Think differently, LET ME CHECK."],
        ])
      #expect(lines[2]["thoughts"]?.arrayValue?[0].objectValue?["phrase"] == "LET ME CHECK")
    }
  }

  @Test func tokensOfAnAlignmentAreJoinedById() throws {
    try withProgram { program in
      _ = try program.run("rollout", "--samples", "60", "--output", "r.jsonl")
      _ = try program.run(
        "align", "--rollouts", "r.jsonl", "--limit", "40", "--token-products", "--output", "a.h5",
        "--quiet")
      let outcome = try program.run(
        "thoughts", "r.jsonl", "--alignment", "a.h5", "--json", "--output", "t.h5")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let alignment = try outcome.object()["alignment"]?.objectValue
      #expect(alignment?["responses"] == 40)
      let kinds = alignment?["kinds"]?.objectValue
      let lines = try program.objects("r.jsonl").prefix(40)
      // `Target T .` belongs to no thought; all other tokens do.
      let counted = lines.reduce(0) { $0 + ($1["response_ids"]?.arrayValue?.count ?? 0) - 3 }
      let tokens = (kinds?.members ?? []).reduce(0) {
        $0 + ($1.value.objectValue?["tokens"]?.intValue ?? 0)
      }
      #expect(abs(tokens - counted) <= 12)  // a few responses open otherwise
      let gap = kinds?["execution"]?.objectValue?["logp_gap"]?.objectValue?["mean"]?.doubleValue
      #expect(0.05...1 ~= (try #require(gap)))
      #expect(kinds?["reflection"]?.objectValue?["inner_product_share"] != nil)
      // Other rollouts of the same names are no rollouts of this file.
      _ = try program.run("rollout", "--samples", "60", "--seed", "1", "--output", "o.jsonl")
      let other = try program.run("thoughts", "o.jsonl", "--alignment", "a.h5")
      #expect(other.status == 2)
      #expect(other.errors.contains("response_ids differ from those of"))
      try program.write(traces, to: "t.jsonl")
      let none = try program.run("thoughts", "t.jsonl", "--alignment", "a.h5")
      #expect(none.errors.hasPrefix("prerl: a.h5: holds none of the rollouts of t.jsonl"))
    }
  }

  @Test func tokensOfTextAreFoundThroughTheTokenizer() throws {
    try withProgram { program in
      // No Countdown prompt: the words are placed by the checkpoint's tokenizer.
      let text = "First 1 + 2 = 3 . Wait , 3 + 3 = 6 yes . Answer 1 + 2 <eos>"
      try program.write(
        #"{"id":"a","prompt":"<bos> Use 1 2 .","response":"\#(text)","reward":1}"#, to: "r.jsonl")
      _ = try program.run("align", "--rollouts", "r.jsonl", "--output", "a.h5", "--quiet")
      let outcome = try program.run(
        "thoughts", "r.jsonl", "--lexicon", "countdown", "--alignment", "a.h5", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let alignment = try outcome.object()["alignment"]?.objectValue
      let kinds = alignment?["kinds"]?.objectValue
      #expect(kinds?["reflection"]?.objectValue?["tokens"] == 9)
      #expect(kinds?["execution"]?.objectValue?["tokens"] == 12)
      let first = alignment?["first_tokens"]?.objectValue
      #expect(first?["execution"]?.objectValue?["tokens"] == 2)
    }
  }

  @Test(arguments: [
    (["absent.jsonl"], "prerl: absent.jsonl: no such file"),
    (["t.jsonl", "--lexicon", "nonsense"], "prerl: nonsense: no such lexicon (expected one of: "),
    (["t.jsonl", "--lexicon", "bad.json"], #"prerl: bad.json:2: name: "x/y" (expected "#),
    (["t.jsonl", "--output", "t.jsonl"], "prerl: t.jsonl: this is an input of the same run"),
    (["t.jsonl", "--output", "no/t.h5"], "prerl: no/t.h5: the folder"),
    (["t.jsonl", "--alignment", "t.jsonl"], "prerl: t.jsonl: "),
    (["t.jsonl", "mixed.jsonl"], "prerl: mixed.jsonl:2: response_ids unlike the lines before"),
    (["t.jsonl", "ids.jsonl"], "prerl: ids.jsonl: lengths in ids, those of t.jsonl in words"),
    (["t.jsonl", "--bootstrap", "3"], "prerl: --bootstrap is 3"),
    (["broken.jsonl"], "prerl: broken.jsonl:2: broken JSON"),
    (["notext.jsonl"], "prerl: notext.jsonl:1: no response of text"),
  ])
  func mistakesAreOneLine(arguments: [String], message: String) throws {
    try withProgram { program in
      try program.write(traces, to: "t.jsonl")
      let ids = #"{"id":"x","prompt":"q","response":"a","response_ids":[70000]}"#
      try program.write(#"{"id":"w","prompt":"q","response":"a"}"# + "\n" + ids, to: "mixed.jsonl")
      try program.write(ids, to: "ids.jsonl")
      try program.write(#"{"prompt":"q","response_ids":[70000]}"#, to: "notext.jsonl")
      try program.write(#"{"prompt":"q","response":"a"}"# + "\n{\n", to: "broken.jsonl")
      try program.write(
        #"{"format":"prerl.lexicon","format_version":1,"# + "\n" + #""name":"x/y","version":"1"}"#,
        to: "bad.json")
      let outcome = try program.run(["thoughts"] + arguments)
      #expect(outcome.status == 2)
      #expect(outcome.errors.hasPrefix(message), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  @Test func wordsMakeFilesWithAndWithoutIdsComparable() throws {
    try withProgram { program in
      let line = #"{"prompt":"q","response":"a b c\n\nWait d""#
      try program.write(line + "}", to: "a.jsonl")
      try program.write(line + #","response_ids":[7,8,9]}"#, to: "b.jsonl")
      let outcome = try program.run("thoughts", "a.jsonl", "b.jsonl", "--words", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      for source in ["first", "second"] {
        let strata = try outcome.object()[source]?.objectValue?["strata"]?.arrayValue
        #expect(strata?[0].objectValue?["tokens"] == 5)
      }
    }
  }

  @Test func rewardsThatAreMissingAreVerifiedOrLeftOut() throws {
    try withProgram { program in
      try program.write(
        #"""
        {"id":"a","prompt":"q","response":"x\n\n\\boxed{4}","answer":"4"}
        {"id":"b","prompt":"q","response":"x\n\n\\boxed{5}","answer":"4"}
        {"id":"c","prompt":"q","response":"x\n\ny"}
        """#, to: "t.jsonl")
      let object = try program.run("thoughts", "t.jsonl", "--json").object()
      #expect(object["verified"] == 2)
      #expect(object["unscored"] == 1)
      let all = object["first"]?.objectValue?["strata"]?.arrayValue?[0].objectValue
      #expect(all?["accuracy"]?.objectValue?["mean"] == 0.5)
    }
  }

  @Test func ctrlCEndsWith130AndLeavesNothing() throws {
    try withProgram { program in
      let line = #"{"prompt":"q","response":"\#(String(repeating: "Wait, a\\n\\n", count: 100))"}"#
      try program.write(String(repeating: line + "\n", count: 30_000), to: "t.jsonl")
      let log = program.folder + "/log"
      let process = try program.start(
        ["thoughts", "t.jsonl", "--output", "t.h5", "--spans", "s.jsonl"], log: log)
      let outcome = try program.interrupt(process, log: log)
      #expect(outcome.status == 130)
      #expect(outcome.errors.split(separator: "\n").last?.hasPrefix("prerl: interrupted") == true)
      let left = try FileManager.default.contentsOfDirectory(atPath: program.folder)
      #expect(!left.contains { $0.contains("t.h5") || $0.contains("s.jsonl") }, "\(left)")
    }
  }
}

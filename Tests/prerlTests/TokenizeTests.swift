import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// `prerl tokenize`.
@Suite struct TokenizeTests {
  private func run(
    _ program: Program, _ input: String, _ arguments: String...
  ) throws -> Program.Outcome {
    try program.run(
      ["tokenize", "--tokenizer", TextCheckpoint.tokenizerPath] + arguments,
      input: Array(input.utf8))
  }

  @Test func everyByteOfStandardInputIsOneText() throws {
    let tokenizer = try Tokenizer(path: TextCheckpoint.tokenizerPath)
    try withProgram { program in
      for text in ["", "a", "a\n", "\n", "\u{FEFF}a\r\n", "Wait, 2+2=4.\n\n<|im_end|>é 中\n", "\0"] {
        let ids = try tokenizer.encode(text)
        let plain = try run(program, text)
        #expect(plain.status == 0)
        #expect(plain.output == ids.map(String.init).joined(separator: " ") + "\n")
        let json = try run(program, text, "--json")
        #expect(try json.object()["ids"] == .array(ids.map { .integer(Int($0)) }))
        #expect(try json.object().count == 1)
        for encoded in [plain.output, json.output] {
          let back = try run(program, encoded, "--decode")
          #expect(back.status == 0)
          #expect(Array(back.output.utf8) == Array(text.utf8))
        }
      }
      #expect(try run(program, "").output == "\n")
      #expect(try run(program, "").errors.isEmpty)
    }
  }

  @Test func theFolderOrTheCheckpointStandsForTheFile() throws {
    try withProgram { program in
      try FileManager.default.copyItem(
        atPath: TextCheckpoint.tokenizerPath, toPath: program.folder + "/tokenizer.json")
      let input = Array("a b".utf8)
      let file = try program.run(["tokenize", "--tokenizer", "tokenizer.json"], input: input)
      let folder = try program.run(["tokenize", "--tokenizer", "."], input: input)
      #expect(file.status == 0)
      #expect(folder.output == file.output)
      let embedded = try program.run(["tokenize"], input: Array("Use 3".utf8))
      #expect(embedded.output == "3 22\n")
    }
  }

  @Test func whatIsWrongIsOneLineWithStatus2() throws {
    try withProgram { program in
      func error(_ arguments: [String], _ input: [UInt8]) throws -> String {
        let outcome = try program.run(["tokenize"] + arguments, input: input)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        return outcome.errors
      }
      let fixture = ["--tokenizer", TextCheckpoint.tokenizerPath]
      #expect(
        try error(fixture, [0x61, 0xC3, 0xA9, 0xFF, 0x61])
          == "prerl: standard input: byte 3 is no UTF-8 (expected UTF-8)\n")
      #expect(
        try error(fixture, [0x61, 0xE4, 0xB8])
          == "prerl: standard input: byte 1 is no UTF-8 (expected UTF-8)\n")
      #expect(
        try error(fixture + ["--decode"], Array("1 x".utf8))
          == "prerl: standard input: id 1 is \"x\" (expected an integer from 0 to 2147483647)\n")
      #expect(
        try error(fixture + ["--decode"], Array("{\"ids\":[1,-1]}".utf8))
          == "prerl: standard input: id 1 is -1 (expected an integer from 0 to 2147483647)\n")
      #expect(
        try error(fixture + ["--decode"], Array("{\"id\":1}".utf8))
          == "prerl: standard input: an object without ids (expected {\"ids\": [...]})\n")
      #expect(
        try error(fixture + ["--decode"], Array("9999".utf8))
          == "prerl: token 0 is 9999 (expected an id of the vocabulary, below 706)\n")
      #expect(
        try error(["--tokenizer", "none"], [])
          == "prerl: none: no such file (expected a tokenizer.json)\n")
      #expect(
        try error(["--tokenizer", "/dev/null"], [])
          == "prerl: /dev/null: is not a file (expected a tokenizer.json)\n")
      try program.write(#"{"model":{"type":"Unigram","vocab":[]}}"#, to: "unigram.json")
      #expect(
        try error(["--tokenizer", "unigram.json"], [])
          == "prerl: unigram.json: model.type is \"Unigram\" (expected \"BPE\" or \"WordLevel\")\n")
    }
  }

  @Test func promptsAreReadAsInOtherCommands() throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model")
      try program.write(#"{"pad_token": "<|im_end|>"}"#, to: "model/tokenizer_config.json")
      let (start, end) = (700, 701)
      let lines =
        "\u{FEFF}{\"prompt_ids\": [\(end), \(end), \(start), 5]}\r\n"
        + "{\"messages\": \"[{\\\"role\\\": \\\"user\\\", \\\"content\\\": \\\"q\\\"}]\"}\n\n"
      let prompts = try program.run(
        ["tokenize", "--prompts", "--model", "model"], input: Array(lines.utf8))
      #expect(prompts.status == 0, "\(prompts.errors)")
      #expect(prompts.output.hasPrefix("\(start) 5\n\(start) "))
      #expect(prompts.output.split(separator: "\n").count == 2)
      #expect(prompts.errors == "prerl: standard input: left out 2 pads before 1 prompts\n")
      let wrong = try program.run(
        ["tokenize", "--prompts", "--model", "model"], input: Array("{\"prompt_ids\": [-1]}".utf8))
      #expect(wrong.status == 2)
      #expect(
        wrong.errors.hasPrefix("prerl: standard input:1: prompt_ids[0] is -1 (expected a token id"))
      // The model's vocabulary has more ids than the tokenizer.
      let beyond = try program.run(
        ["tokenize", "--prompts", "--model", "model", "--json"],
        input: Array("{\"prompt_ids\": [719]}".utf8))
      #expect(beyond.status == 2)
      #expect(
        beyond.errors.hasPrefix("prerl: standard input:1: the prompt's token 0 is 719 (expected"))
    }
  }

  /// The files beside tokenizer.json name further tokens.
  @Test func aFolderHasTheTokensOfItsSettings() throws {
    try withProgram { program in
      try FileManager.default.copyItem(
        atPath: TextCheckpoint.tokenizerPath, toPath: program.folder + "/tokenizer.json")
      try program.write(#"{"image_token": "<X>"}"#, to: "tokenizer_config.json")
      let input = Array("a<X>".utf8)
      let folder = try program.run(["tokenize", "--tokenizer", "."], input: input)
      #expect(folder.output == "64 706\n")
      let file = try program.run(["tokenize", "--tokenizer", "tokenizer.json"], input: input)
      #expect(file.output == "64 27 55 29\n")
    }
  }
}

// The checkpoint a command works on: the embedded one, or the folder that --model names.
import Foundation
import ModelCore
import Runs
import Safetensors
import Tables
import Tasks
import Tokenizers

/// A checkpoint folder whose configuration is known and whose weights are loaded on demand.
struct Checkpoint: Sendable {
  let directory: String
  /// Whether it is the one that travels inside the program.
  let isEmbedded: Bool
  let configuration: ModelConfiguration
  /// The tokenizer, or why there is none; only text needs it.
  let tokenizer: Result<Tokenizer, TokenizerError>
  /// The chat template, or why there is none; only messages need it.
  let chatTemplate: Result<ChatTemplate, TokenizerError>
  /// Whether answers to messages may open with thoughts (`--no-thinking`).
  let opensThoughts: Bool

  init(_ options: CommonOptions) throws {
    isEmbedded = options.model == nil
    directory = try options.model ?? Self.embeddedDirectory()
    configuration = try ModelConfiguration(directory: directory)
    let path = directory + "/tokenizer.json"
    // The built-in tokenizer also serves checkpoints that came without the file.
    let isBuiltIn = configuration.vocabularySize == CountdownVocabulary.count
    tokenizer = Result { () throws(TokenizerError) in
      isBuiltIn
        ? try Tokenizer(json: Array(CountdownTokenizer.files().tokenizer.utf8))
        : try Tokenizer(path: path)
    }
    chatTemplate = Result { [directory] () throws(TokenizerError) in
      try ChatTemplate(directory: directory)
    }
    opensThoughts = options.thinking
  }

  /// Whether its vocabulary is that of the embedded Countdown task.
  var isCountdown: Bool { configuration.vocabularySize == CountdownVocabulary.count }

  /// How messages call it.
  var name: String { isEmbedded ? "the embedded checkpoint" : directory }

  /// The text of a response. Other tasks than the embedded one mark its end by special tokens that
  /// are no part of it; ids beyond the tokenizer's, which padded vocabularies have, have no text.
  func text(ofResponse tokens: [Int32]) -> String? {
    guard let tokenizer = try? tokenizer.get() else { return nil }
    return try? tokenizer.decode(
      tokens.filter { tokenizer.token(of: $0) != nil }, skippingSpecialTokens: !isCountdown)
  }

  /// The files whose hashes belong into a manifest: weights, and what makes tokens of text.
  var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let textFiles =
      isCountdown ? [] : ["chat_template.jinja", "tokenizer.json", "tokenizer_config.json"]
    return names.sorted()
      .filter {
        $0 == "config.json" || $0.hasPrefix("model") && $0.contains(".safetensors")
          || textFiles.contains($0)
      }
      .map { directory + "/" + $0 }
  }

  /// The files as a manifest records them; where the program lies is no part of what a result
  /// comes from, so the embedded ones are recorded without it.
  func inputs() throws -> [Manifest.Input] {
    try files.map { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      return try Manifest.Input(
        role: "model", path: path, name: isEmbedded ? "embedded/" + name : nil)
    }
  }

  /// Reads the weights.
  func model<Scalar: ModelScalar>(_: Scalar.Type = Float.self) throws -> Transformer<Scalar> {
    // A tensor that lacks the room ends the program, so the room is looked at first. Files that do
    // not hold what config.json claims are left to the loader, which knows what to say.
    let count = ParameterLayout(configuration).count
    let held = try SafetensorsCheckpoint(directory: directory).tensors
      .reduce(0) { $0 + $1.elementCount }
    if held >= count {
      try requireMemory(Double(count) * Double(MemoryLayout<Scalar>.stride), for: directory)
    }
    return try Transformer<Scalar>(directory: directory)
  }

  /// The folder beside the program, wherever it was started from: the program's own path has its
  /// symbolic links resolved. `Bundle.module` finds the same folder, but ends the program where it
  /// is missing.
  private static func embeddedDirectory() throws -> String {
    let place = "prerl_prerl.resources/base"
    let directory = Bundle.main.bundleURL.resolvingSymlinksInPath().appendingPathComponent(place)
    guard FileManager.default.fileExists(atPath: directory.path + "/config.json") else {
      throw CommandFailure.usage(
        "\(directory.path): the embedded checkpoint is missing "
          + "(expected it beside the program; --model DIR names another)")
    }
    return directory.path
  }
}

/// Refuses work that needs more memory than the machine has.
func requireMemory(_ bytes: Double, for what: String) throws(CommandFailure) {
  let available = Double(Machine.memoryByteCount)
  if bytes > available {
    throw .machine(
      "\(what): needs \(byteSize(bytes)) of memory (this machine has \(byteSize(available)))")
  }
}

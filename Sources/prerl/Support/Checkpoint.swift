// The checkpoint of a command: the embedded one, or the folder given by --model.
import Foundation
import Jinja
import ModelCore
import Runs
import Safetensors
import StrictJSON
import Tables
import Tasks
import Tokenizers

/// A checkpoint folder whose configuration is known and whose weights are loaded on demand.
struct Checkpoint: Sendable {
  let directory: String
  /// Whether it is the checkpoint that comes with the program.
  let isEmbedded: Bool
  let configuration: ModelConfiguration
  /// Added to the weights; nil for none.
  let adapter: LowRankAdapter?
  /// The tokenizer, or the error if there is none; only text needs it.
  let tokenizer: Result<Tokenizer, TokenizerError>
  /// The chat template, or the error if there is none; only messages need it.
  let chatTemplate: Result<ChatTemplate, TokenizerError>
  /// The tokenizer's further settings, or the error in their files.
  let tokenizerConfiguration: Result<TokenizerConfiguration, TokenizerError>
  /// Where the matrices are.
  let weights: WeightStorage
  /// What a template writes as today's date (`--template-date`).
  let templateDate: CalendarTime?
  /// Whether responses to messages may open with a thinking section (`--no-thinking`).
  let opensThoughts: Bool

  /// - Parameters:
  ///   - head: What the folder must be; nil for whatever it is.
  ///   - task: Whose embedded checkpoint is taken without `--model`.
  init(
    _ options: CommonOptions, head: ModelConfiguration.Head? = .vocabulary,
    task: (any TaskSettings.Type)? = nil
  ) throws {
    isEmbedded = options.model == nil
    adapter = try options.adapter.map { try LowRankAdapter(directory: $0) }
    directory = try options.model ?? Self.embeddedDirectory(task)
    // A language model's head is not taken from a classifier by force.
    configuration = try ModelConfiguration(
      directory: directory, head: head == .reward ? .reward : nil)
    if head == .vocabulary, configuration.head == .reward {
      throw CommandFailure.usage(
        "\(directory): a reward model (expected a language model; --reward-model takes this one)")
    }
    // The built-in tokenizer is also used for checkpoints of the embedded task without the file.
    let isBuiltIn = configuration.vocabularySize == CountdownVocabulary.count
    tokenizer = Result { [directory] () throws(TokenizerError) in
      isBuiltIn
        ? try Tokenizer(
          json: Array(
            CountdownVariant.vocabulary.tokenizerFiles(maximumLength: 256).tokenizer.utf8))
        : try Tokenizer(directory: directory)
    }
    chatTemplate = Result { [directory] () throws(TokenizerError) in
      try ChatTemplate(directory: directory)
    }
    tokenizerConfiguration = Result { [directory] () throws(TokenizerError) in
      try TokenizerConfiguration(directory: directory)
    }
    weights = options.weights
    opensThoughts = options.thinking
    templateDate = options.templateDate
  }

  /// Whether its vocabulary is that of the embedded Countdown task.
  var isCountdown: Bool { configuration.vocabularySize == CountdownVocabulary.count }

  /// Refuses a policy whose token ids mean something else to this model.
  func requireTokens(of policy: Checkpoint) throws {
    if policy.isCountdown, isCountdown { return }
    let files = try [policy, self].map { one -> String? in
      let path = one.directory + "/tokenizer.json"
      return FileKind(path) == .absent ? nil : try SHA256.ofFile(path).hash
    }
    let agree =
      files[0] == files[1]
      && (files[0] != nil
        || policy.configuration.vocabularySize == configuration.vocabularySize)
    guard agree else {
      throw CommandFailure.usage(
        "\(directory): another tokenizer than the policy's (expected the tokenizer.json of \(policy.name), "
          + "since token ids are read as they stand)")
    }
  }

  /// The name in messages.
  var name: String {
    (isEmbedded ? "the \(embeddedName) checkpoint" : directory)
      + (adapter.map { " with \($0.directory)" } ?? "")
  }

  /// The text of a response. On tasks other than the embedded one, special tokens mark its end and
  /// are not part of it. Ids beyond the tokenizer's, which padded vocabularies have, have no text.
  func text(ofResponse tokens: [Int32]) -> String? {
    guard let tokenizer = try? tokenizer.get() else { return nil }
    return try? tokenizer.decode(
      tokens.filter { tokenizer.token(of: $0) != nil }, skippingSpecialTokens: !isCountdown)
  }

  /// The files that determine the encoding of text and the ends of responses.
  static let textFiles = [
    "added_tokens.json", "chat_template.jinja", "generation_config.json",
    "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
  ]

  /// The files whose hashes go into a manifest: weights, and the files that determine the encoding
  /// of text.
  var files: [String] {
    Self.files(in: directory, withText: !isCountdown)
      + (adapter.map { adapter in LowRankAdapter.files.map { adapter.directory + "/" + $0 } } ?? [])
  }

  /// The files of a checkpoint's folder that a run reads.
  static func files(in directory: String, withText: Bool = true) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted()
      .filter {
        $0 == "config.json" || $0.hasPrefix("model") && $0.contains(".safetensors")
          || withText && textFiles.contains($0)
      }
      .map { directory + "/" + $0 }
  }

  /// `embedded`, or `embedded/desk` for the checkpoint of another task.
  private var embeddedName: String {
    let folder = URL(fileURLWithPath: directory).lastPathComponent
    return folder == "base" ? "embedded" : "embedded/" + folder
  }

  /// The files as a manifest records them. Those of the embedded checkpoint are recorded without
  /// the program's folder, which does not matter for a result.
  func inputs() throws -> [Manifest.Input] {
    try files.map { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      return try Manifest.Input(
        role: "model", path: path,
        name: isEmbedded && !LowRankAdapter.files.contains(name) ? embeddedName + "/" + name : nil)
    }
  }

  /// The options for reading a rollout file.
  func readerOptions() -> RolloutReader.Options {
    var options = RolloutReader.Options(
      vocabularySize: configuration.vocabularySize, maximumLength: configuration.maximumPositions,
      encoder: TextEncoder(checkpoint: self))
    options.endTokens = Set(configuration.eosTokens.map { Int32($0) })
    options.padToken = padToken
    options.startTokens = startTokens
    return options
  }

  /// The token that fills up batches: config.json's, or else the tokenizer's.
  private var padToken: Int32? {
    if let pad = configuration.padToken { return Int32(pad) }
    guard !isCountdown, let settings = try? tokenizerConfiguration.get() else { return nil }
    let token = settings.specialToken("pad_token").flatMap { try? tokenizer.get().id(of: $0) }
    return token.flatMap { Int($0) < configuration.vocabularySize ? $0 : nil }
  }

  /// The tokens that may start a prompt: the tokenizer's, or else config.json's, and the template's.
  private var startTokens: Set<Int32> {
    let own = Set([configuration.bosToken].compactMap { $0.map { Int32($0) } })
    guard !isCountdown, let tokenizer = try? tokenizer.get(),
      let settings = try? tokenizerConfiguration.get()
    else { return own }
    var tokens = tokenizer.startTokens(settings) ?? own
    let turn: JSONObject = ["role": "user", "content": "?"]
    if let text = try? chatTemplate.get().prompt([turn], now: templateDate),
      let first = try? tokenizer.encode(text).first
    {
      tokens.insert(first)
    }
    return tokens
  }

  /// Says how many pads before prompts were left out.
  static func note(_ padding: (tokens: Int, prompts: Int), of path: String) {
    guard padding.tokens > 0 else { return }
    Console.note(
      "prerl: \(path): left out \(padding.tokens) pads before \(padding.prompts) prompts")
  }

  /// All rollouts of a file, with a note about pads.
  ///
  /// - Parameter visit: Gets every line.
  func rollouts(
    path: String, _ options: RolloutReader.Options, visit: (JSONObject) -> Void = { _ in }
  ) throws -> [Rollout] {
    var reader = try RolloutReader(
      path: path, contents: try InputCopy.path(of: path), options: options)
    var rollouts: [Rollout] = []
    while let rollout = try reader.next() {
      rollouts.append(rollout)
      visit(reader.object)
    }
    let (tokens, responses) = reader.padding
    if tokens > 0 {
      Console.note(
        "prerl: \(path): left out \(tokens) pads behind the end token of \(responses) responses")
    }
    Self.note(reader.promptPadding, of: path)
    if options.encodesPrompts { warn(about: rollouts, of: path) }
    return rollouts
  }

  /// Says where prompts of text have no mark of a chat template that the checkpoint has: the policy may
  /// have seen them through it.
  private func warn(about rollouts: [Rollout], of path: String) {
    guard !isCountdown, case .success = chatTemplate, let tokenizer = try? tokenizer.get() else {
      return
    }
    let texts = rollouts.filter { $0.prompt != nil }
    // A start token belongs to every text, not to a template.
    let plain = texts.count { rollout in
      !rollout.promptTokens.dropFirst().contains(where: tokenizer.specialTokens.contains)
    }
    guard plain > 0 else { return }
    Console.note(
      "prerl: warning: \(path): \(plain) of \(rollouts.count) prompts are text without a mark of the "
        + "checkpoint's chat template (expected messages or prompt_ids, if the policy saw marks)")
  }

  /// Whose gradients are taken of a base with an adapter.
  enum Differentiated: String, CaseIterable {
    /// Those of the base's weights, with the adapter added.
    case base
    /// Those of the adapter's two factors.
    case adapter
    /// Both together.
    case both
  }

  /// Reads the weights.
  ///
  /// - Parameter part: Anything but the base needs an adapter.
  func model<Scalar: ModelScalar>(
    _: Scalar.Type = Float.self, differentiating part: Differentiated = .base
  ) throws -> Transformer<Scalar> {
    // A failed allocation ends the program, so the memory is checked first. If the files do not
    // match config.json, the loader reports the error.
    let count = ParameterLayout(configuration).count
    let held = try SafetensorsCheckpoint(directory: directory).tensors
      .reduce(0) { $0 + $1.elementCount }
    if held >= count, weights == .float32 {
      try requireMemory(Double(count) * Double(MemoryLayout<Scalar>.stride), for: directory)
    }
    guard weights == .float32 || adapter == nil else {
      throw CommandFailure.usage(
        "--weights stored with --adapter (expected --weights float32: an adapter changes the weights)"
      )
    }
    let model = try Transformer<Scalar>(
      directory: directory, head: configuration.head, weights: weights)
    if configuration.tiedEmbeddings, !model.configuration.tiedEmbeddings {
      Console.note(
        "prerl: \(directory): \(configuration.family.headName) differs from the embedding and is used, although "
          + "tie_word_embeddings is true")
    }
    guard let adapter else { return model }
    guard part == .base else {
      return try Transformer(model, with: adapter, adapterAlone: part == .adapter)
    }
    try model.add(adapter)
    return model
  }

  /// The folder next to the program, independent of the current folder: the program's own path has
  /// its symbolic links resolved. `Bundle.module` finds the same folder, but ends the program where
  /// it is missing.
  ///
  /// - Parameter task: A task with a folder of its name there has this checkpoint; others have `base`.
  private static func embeddedDirectory(_ task: (any TaskSettings.Type)?) throws -> String {
    let resources = Bundle.main.bundleURL.resolvingSymlinksInPath()
      .appendingPathComponent("prerl_prerl.resources")
    let folders = [task?.name, "base"].compactMap { $0.map(resources.appendingPathComponent(_:)) }
    let found = folders.first {
      FileManager.default.fileExists(atPath: $0.path + "/config.json")
    }
    guard let found else {
      throw CommandFailure.usage(
        "\(resources.path)/base: the embedded checkpoint is missing "
          + "(expected it beside the program; --model DIR names another)")
    }
    return found.path
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

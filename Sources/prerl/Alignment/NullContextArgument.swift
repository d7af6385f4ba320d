// `--null-context`: the tokens that take the place of the prompt.
import Analysis
import ModelCore
import Tasks
import Tokenizers

/// Turns the option's text into token ids.
struct NullContextArgument {
  private let checkpoint: Checkpoint

  /// The spellings, for help and errors.
  static let spellings = "bos, eos, pad, none, an id, ids:1,2, token:<string> or empty-user"

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
  }

  /// The context of a spelling; nil means the default, `bos`.
  func resolve(_ text: String?) throws(CommandFailure) -> NullContext {
    let name = text ?? "bos"
    switch name {
    case "none":
      return NullContext(name: name, tokens: [])
    case "bos":
      guard let token = startToken else {
        throw .usage(
          "\(checkpoint.directory)/config.json: bos_token_id: missing (expected it, or a "
            + "--null-context other than bos, for example an id)")
      }
      return NullContext(name: name, tokens: [Int32(token)])
    case "eos":
      guard let token = checkpoint.configuration.eosTokens.first else { throw missing("eos") }
      return NullContext(name: name, tokens: [Int32(token)])
    case "pad":
      guard let token = checkpoint.configuration.padToken else { throw missing("pad") }
      return NullContext(name: name, tokens: [Int32(token)])
    case "empty-user":
      let empty = Prompt.messages(Conversation((role: "user", content: "")))
      do {
        let tokens = try TextEncoder(checkpoint: checkpoint).encode(prompt: empty)
        return try checked(NullContext(name: name, tokens: tokens))
      } catch {
        throw .usage(
          "--null-context empty-user: \((error as? CommandFailure)?.message ?? "\(error)")")
      }
    default:
      break
    }
    if name.hasPrefix("token:") {
      let word = String(name.dropFirst("token:".count))
      do {
        guard let token = try checkpoint.tokenizer.get().id(of: word) else {
          throw CommandFailure.usage(
            "--null-context \(name): the tokenizer has no such token (expected \(Self.spellings))")
        }
        return try checked(NullContext(name: name, tokens: [token]))
      } catch let error as CommandFailure {
        throw error
      } catch {
        throw .usage("--null-context \(name): \(error)")
      }
    }
    let list = name.hasPrefix("ids:") ? name.dropFirst("ids:".count) : Substring(name)
    let parts = list.split(separator: ",", omittingEmptySubsequences: false)
    let tokens = parts.compactMap { Int32($0) }
    guard tokens.count == parts.count, !tokens.isEmpty, name.hasPrefix("ids:") || parts.count == 1
    else {
      throw .usage("--null-context is \(name) (expected \(Self.spellings))")
    }
    return try checked(NullContext(name: name, tokens: tokens))
  }

  /// Refuses token ids that the model lacks.
  private func checked(_ context: NullContext) throws(CommandFailure) -> NullContext {
    let size = checkpoint.configuration.vocabularySize
    if let outside = context.tokens.first(where: { !(0..<Int32(size)).contains($0) }) {
      throw .usage(
        "--null-context \(context.name): token id \(outside) is outside the vocabulary (expected "
          + "0 to \(size - 1))")
    }
    return context
  }

  /// The contexts of the null-context sweep: those of bos, eos, pad and none that the model has,
  /// except the run's own.
  func sweep(without context: NullContext) -> [NullContext] {
    ["bos", "eos", "pad", "none"].compactMap { try? resolve($0) }
      .filter { $0.tokens != context.tokens }
  }

  /// Ids that never occur in a random prompt: those that the configuration names, and the
  /// tokenizer's special tokens.
  var specialTokens: Set<Int32> {
    let configuration = checkpoint.configuration
    var special = Set(configuration.eosTokens.map { Int32($0) })
    for token in [configuration.bosToken, configuration.padToken].compactMap(\.self) {
      special.insert(Int32(token))
    }
    if let added = try? checkpoint.tokenizer.get().addedTokens {
      for token in added where token.isSpecial { special.insert(token.id) }
    }
    return special
  }

  private func missing(_ name: String) -> CommandFailure {
    .usage(
      "\(checkpoint.directory)/config.json: \(name)_token_id: missing (expected it, or another "
        + "--null-context: \(Self.spellings))")
  }

  /// The tokenizer's start token, else the configuration's.
  private var startToken: Int? {
    if let word = try? checkpoint.tokenizerConfiguration.get().specialToken("bos_token"),
      let token = try? checkpoint.tokenizer.get().id(of: word)
    {
      return Int(token)
    }
    return checkpoint.configuration.bosToken
  }
}

// The special tokens that a tokenizer puts around every text.
import StrictJSON

/// What `post_processor` of a `tokenizer.json` adds to a single text.
enum PostProcessor: Sendable {
  /// There is none.
  case absent
  /// These tokens before and behind the text.
  case tokens(start: [Int32], end: [Int32])

  /// - Throws: for a kind that does anything but add special tokens and trim offsets.
  init(_ json: JSON?) throws(TokenizerError) {
    guard let json, !json.isNull else {
      self = .absent
      return
    }
    let object = json.objectValue ?? [:]
    switch object["type"]?.stringValue {
    case "ByteLevel": self = .tokens(start: [], end: [])
    case "BertProcessing", "RobertaProcessing":
      self = .tokens(start: try Self.token("cls", object), end: try Self.token("sep", object))
    case "TemplateProcessing": self = try Self.template(object)
    case "Sequence":
      var (start, end): ([Int32], [Int32]) = ([], [])
      for part in object["processors"]?.arrayValue ?? [] {
        guard case .tokens(let before, let behind) = try PostProcessor(part) else { continue }
        start = before + start
        end += behind
      }
      self = .tokens(start: start, end: end)
    default:
      throw TokenizerError(
        .unsupported,
        "post_processor is \(Tokenizer.typeName(of: json)) "
          + "(expected one that only adds special tokens, such as \"TemplateProcessing\")")
    }
  }

  /// A pair of a token's text and id.
  private static func token(_ key: String, _ object: JSONObject) throws(TokenizerError) -> [Int32] {
    guard let pair = object[key]?.arrayValue, pair.count == 2,
      let id = pair[1].intValue.flatMap(Int32.init(exactly:))
    else {
      throw TokenizerError(
        .malformed, "post_processor.\(key) is no pair (expected a text and an id)")
    }
    return [id]
  }

  /// The pieces of `single` before and behind the text.
  private static func template(_ object: JSONObject) throws(TokenizerError) -> PostProcessor {
    var parts: [[Int32]] = [[]]
    for piece in object["single"]?.arrayValue ?? [] {
      if piece.objectValue?["Sequence"] != nil {
        parts.append([])
        continue
      }
      guard let name = piece.objectValue?["SpecialToken"]?.objectValue?["id"]?.stringValue,
        let values = object["special_tokens"]?.objectValue?[name]?.objectValue?["ids"]?.arrayValue
      else {
        throw TokenizerError(
          .malformed,
          "post_processor.single has a token without ids (expected them in special_tokens)")
      }
      parts[parts.count - 1] += values.compactMap { $0.intValue.flatMap(Int32.init(exactly:)) }
    }
    guard parts.count == 2 else {
      throw TokenizerError(
        .malformed, "post_processor.single has \(parts.count - 1) sequences (expected one)")
    }
    return .tokens(start: parts[0], end: parts[1])
  }
}

extension Tokenizer {
  /// The tokens of a prompt that is text: with the start tokens that transformers' `tokenizer(text)`
  /// puts before every text, unless the text begins with them already. Pads before the text stay before
  /// them.
  ///
  /// - Throws: where the tokenizer also puts tokens behind every text, so that the response would follow
  ///   an end, and where `add_bos_token` or `add_eos_token` contradict `tokenizer.json`.
  public func encode(
    prompt text: String, _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> [Int32] {
    let tokens = try encode(text)
    let (start, end) = try tokensAround(configuration)
    guard end.isEmpty else {
      let names = end.map { token(of: $0) ?? String($0) }.joined()
      throw TokenizerError(
        .unsupported,
        "the tokenizer puts \(quoted(names)) behind every text (expected prompt_ids, which say what the "
          + "model saw)")
    }
    let pad = configuration.specialToken("pad_token").flatMap(id(of:))
    let pads = tokens.prefix { $0 == pad && !start.contains($0) }
    let rest = tokens.dropFirst(pads.count)
    return rest.starts(with: start) ? tokens : pads + start + rest
  }

  /// The tokens with which a text that the tokenizer prepares may start; nil where the settings do not
  /// mention the start token.
  public func startTokens(_ configuration: TokenizerConfiguration) -> Set<Int32>? {
    var tokens: Set<Int32> = []
    if case .tokens(let start, _) = postProcessor, let first = start.first { tokens.insert(first) }
    guard configuration.mentions("bos_token") || !tokens.isEmpty else { return nil }
    if let start = configuration.specialToken("bos_token").flatMap(id(of:)) { tokens.insert(start) }
    return tokens
  }

  /// What the post-processor puts around a text. Versions and classes of transformers differ in whether
  /// `add_bos_token` and `add_eos_token` replace it, so they must not contradict it.
  private func tokensAround(
    _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> (start: [Int32], end: [Int32]) {
    var around: (start: [Int32], end: [Int32]) = ([], [])
    if case .tokens(let start, let end) = postProcessor { around = (start, end) }
    guard let added = configuration.addedAround else { return around }
    func token(_ use: String, _ isAdded: Bool) -> [Int32] {
      isAdded ? configuration.specialToken(use).flatMap(id(of:)).map { [$0] } ?? [] : []
    }
    guard (token("bos_token", added.start), token("eos_token", added.end)) == around else {
      throw TokenizerError(
        .unsupported,
        "add_bos_token and add_eos_token of tokenizer_config.json contradict the post_processor of "
          + "tokenizer.json, and transformers' versions follow either (expected prompt_ids, or both alike)"
      )
    }
    return around
  }
}

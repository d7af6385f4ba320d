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
  /// puts before every text, unless the text begins with them already.
  ///
  /// - Throws: where the tokenizer also puts tokens behind every text, so that the response would follow
  ///   an end.
  public func encode(
    prompt text: String, _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> [Int32] {
    let tokens = try encode(text)
    let (start, end) = tokensAround(configuration)
    guard end.isEmpty else {
      let names = end.map { token(of: $0) ?? String($0) }.joined()
      throw TokenizerError(
        .unsupported,
        "the tokenizer puts \(quoted(names)) behind every text (expected prompt_ids, which say what the "
          + "model saw)")
    }
    return tokens.starts(with: start) ? tokens : start + tokens
  }

  private func tokensAround(
    _ configuration: TokenizerConfiguration
  ) -> (start: [Int32], end: [Int32]) {
    func token(_ use: String, _ isAdded: Bool) -> [Int32] {
      isAdded ? configuration.specialToken(use).flatMap(id(of:)).map { [$0] } ?? [] : []
    }
    if let added = configuration.addedAround {
      return (token("bos_token", added.start), token("eos_token", added.end))
    }
    guard case .tokens(let start, let end) = postProcessor else { return ([], []) }
    return (start, end)
  }
}

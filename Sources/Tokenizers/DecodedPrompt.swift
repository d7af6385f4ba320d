// Prompts of dumps that were decoded from tokens without the special ones.
import Jinja
import StrictJSON

/// Finds the tokens of a prompt from text that may lack the template's marks.
///
/// verl writes `input` by decoding the prompt's tokens without special tokens, so that
/// `<|im_start|>user` becomes `user`. The conversation is found by comparison with the template's own
/// rendering of a user's turn, with or without a system turn before it, decoded likewise. It is accepted
/// only if rendering it again and decoding gives the very text, and if no other reading of the text
/// gives other tokens.
public struct DecodedPrompt: Sendable {
  private let tokenizer: Tokenizer
  private let template: ChatTemplate
  private let arguments: JSONObject
  private let now: CalendarTime?

  /// The texts of a checkpoint; the arguments are those of `ChatTemplate.prompt`.
  public init(
    tokenizer: Tokenizer, template: ChatTemplate, arguments: JSONObject = [:],
    now: CalendarTime? = nil
  ) {
    self.tokenizer = tokenizer
    self.template = template
    self.arguments = arguments
    self.now = now
  }

  /// The tokens, or nil if the text has the template's marks and so is complete.
  ///
  /// - Throws: where the conversation cannot be found or is ambiguous.
  public func tokens(restoredFrom text: String) throws(TokenizerError) -> [Int32]? {
    let marks = Set(try tokens(of: ["user": "?"])).intersection(tokenizer.specialTokens)
    // Without special tokens in the template nothing is lost.
    if marks.isEmpty { return nil }
    if !marks.isDisjoint(with: try tokenizer.encode(text)) { return nil }
    var found: Set<[Int32]> = []
    for conversation in try conversations(text) {
      let tokens = try tokens(of: conversation)
      let decoded = try tokenizer.decode(tokens, skippingSpecialTokens: true)
      if decoded.utf8.elementsEqual(text.utf8) { found.insert(tokens) }
    }
    guard let tokens = found.first, found.count == 1 else {
      throw TokenizerError(
        .unsupported,
        "the text has none of the chat template's marks, and "
          + (found.isEmpty ? "no conversation" : "more than one conversation")
          + " gives it (expected prompt_ids, messages, or text decoded with its special tokens)")
    }
    return tokens
  }

  private typealias Turns = KeyValuePairs<String, String>

  private func tokens(of turns: Turns) throws(TokenizerError) -> [Int32] {
    let messages = turns.map { (role, content) -> JSONObject in
      ["role": .string(role), "content": .string(content)]
    }
    return try tokenizer.encode(try template.prompt(messages, arguments: arguments, now: now))
  }

  /// What may have been said: the places of the contents in the template's rendering.
  private func conversations(_ text: String) throws(TokenizerError) -> [Turns] {
    // Private-use characters, which no template writes.
    let (first, second) = ("\u{E0F1}\u{E0F2}", "\u{E0F3}\u{E0F4}")
    let bytes = Array(text.utf8)
    var conversations: [Turns] = []
    if let parts = try parts(of: ["user": first], around: [first]),
      let content = Self.inside(bytes, parts[0], parts[1])
    {
      conversations.append(["user": String(decoding: content, as: UTF8.self)])
    }
    // A template without system turns fails on them.
    if let parts = try? parts(of: ["system": first, "user": second], around: [first, second]),
      let contents = Self.inside(bytes, parts[0], parts[2])
    {
      let inner = Array(contents)
      for place in Self.places(of: parts[1], in: inner) {
        conversations.append([
          "system": String(decoding: inner[..<place], as: UTF8.self),
          "user": String(decoding: inner[(place + parts[1].count)...], as: UTF8.self),
        ])
      }
    }
    return conversations
  }

  /// The bytes around the contents in the rendering, decoded without special tokens; nil if a content
  /// does not occur once.
  private func parts(
    of turns: Turns, around contents: [String]
  ) throws(TokenizerError) -> [[UInt8]]? {
    var rest = Array(
      try tokenizer.decode(try tokens(of: turns), skippingSpecialTokens: true).utf8)
    var parts: [[UInt8]] = []
    for content in contents.map({ Array($0.utf8) }) {
      let places = Self.places(of: content, in: rest)
      guard places.count == 1 else { return nil }
      parts.append(Array(rest[..<places[0]]))
      rest = Array(rest[(places[0] + content.count)...])
    }
    return parts + [rest]
  }

  private static func inside(
    _ bytes: [UInt8], _ start: [UInt8], _ end: [UInt8]
  ) -> ArraySlice<UInt8>? {
    guard bytes.count >= start.count + end.count, bytes.starts(with: start),
      bytes.suffix(end.count) == end[...]
    else { return nil }
    return bytes[start.count..<bytes.count - end.count]
  }

  /// A long text may repeat the mark; a few readings are tried.
  private static func places(of part: [UInt8], in bytes: [UInt8]) -> [Int] {
    guard !part.isEmpty, bytes.count >= part.count else { return [] }
    return Array(
      (0...bytes.count - part.count).lazy
        .filter { bytes[$0..<$0 + part.count].elementsEqual(part) }.prefix(16))
  }
}

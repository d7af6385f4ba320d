// Prompts of dumps that were decoded from tokens without the special ones.
import Jinja
import StrictJSON

/// Finds the tokens of a prompt from text that may lack the template's marks.
///
/// verl writes `input` by decoding the prompt's tokens without special tokens, so that
/// `<|im_start|>user` becomes `user`. The conversation is found by comparison with the template's own
/// rendering of a user's turn, with or without a system turn before it, decoded likewise. It is accepted
/// only if rendering it again and decoding gives the very text, and if no other reading of the text
/// gives other tokens. Conversations of several turns are readings too: a text that may be one of them
/// is refused.
public struct DecodedPrompt: Sendable {
  private let tokenizer: Tokenizer
  private let template: ChatTemplate
  private let arguments: JSONObject
  private let now: CalendarTime?

  /// The files of a checkpoint; the arguments are those of `ChatTemplate.prompt`.
  public init(
    tokenizer: Tokenizer, template: ChatTemplate, arguments: JSONObject = [:],
    now: CalendarTime? = nil
  ) {
    self.tokenizer = tokenizer
    self.template = template
    self.arguments = arguments
    self.now = now
  }

  /// The tokens of the prompt. Text that has the template's marks is complete as it is: the template wrote
  /// its start token, if it has one, and the tokenizer added none.
  ///
  /// - Throws: where the conversation cannot be found or is ambiguous.
  public func tokens(of text: String) throws(TokenizerError) -> [Int32] {
    if let tokens = try tokens(restoredFrom: text) { return tokens }
    return try tokenizer.encode(text)
  }

  /// The tokens, or nil if the text has the template's marks and so is complete.
  ///
  /// - Throws: where the conversation cannot be found or is ambiguous.
  public func tokens(restoredFrom text: String) throws(TokenizerError) -> [Int32]? {
    let marks = Set(try rendered([("user", "?")])).intersection(tokenizer.specialTokens)
    // Without special tokens in the template nothing is lost.
    if marks.isEmpty { return nil }
    if !marks.isDisjoint(with: try tokenizer.encode(text)) { return nil }
    var found: Set<[Int32]> = []
    for conversation in try conversations(Array(text.utf8)) {
      // A template may refuse what cannot have been said.
      guard let tokens = try? rendered(conversation) else { continue }
      let decoded = try tokenizer.decode(tokens, skippingSpecialTokens: true)
      if decoded.utf8.elementsEqual(text.utf8) { found.insert(tokens) }
      if found.count > 1 { break }
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

  private typealias Turns = [(role: String, content: String)]

  /// The roles of the conversations that are looked for. In a prompt of more turns the last three read
  /// as one of these: its first user's turn, one answer with all that is in between, its last turn.
  private static let roles = [
    ["user"], ["system", "user"], ["user", "assistant", "user"],
    ["system", "user", "assistant", "user"],
  ]

  private func rendered(_ turns: Turns) throws(TokenizerError) -> [Int32] {
    let messages = turns.map { (role, content) -> JSONObject in
      ["role": .string(role), "content": .string(content)]
    }
    return try tokenizer.encode(try template.prompt(messages, arguments: arguments, now: now))
  }

  /// What may have been said: the places of the contents in the template's rendering.
  private func conversations(_ text: [UInt8]) throws(TokenizerError) -> [Turns] {
    var conversations: [Turns] = []
    for roles in Self.roles {
      // A template without system turns or answers fails on them.
      let parts = roles.count == 1 ? try parts(around: roles) : (try? parts(around: roles)) ?? nil
      guard let parts, let inner = Self.inside(text, parts[0], parts[roles.count]) else { continue }
      for contents in Self.splits(inner, at: parts[1..<roles.count]).prefix(64) {
        conversations.append(
          zip(roles, contents).map { ($0, String(decoding: $1, as: UTF8.self)) })
      }
    }
    return conversations
  }

  /// The bytes around the contents in the rendering, decoded without special tokens; nil if a content
  /// does not occur once.
  private func parts(around roles: [String]) throws(TokenizerError) -> [[UInt8]]? {
    // Private-use characters, which no template writes.
    let contents = ["\u{E0F1}\u{E0F2}", "\u{E0F3}\u{E0F4}", "\u{E0F5}\u{E0F6}", "\u{E0F7}\u{E0F8}"]
      .prefix(roles.count)
    let turns: Turns = zip(roles, contents).map { ($0, $1) }
    var rest = Array(
      try tokenizer.decode(try rendered(turns), skippingSpecialTokens: true).utf8)
    var parts: [[UInt8]] = []
    for content in contents.map({ Array($0.utf8) }) {
      let places = Self.places(of: content, in: rest[...])
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

  /// The contents between separators that follow each other in the bytes.
  private static func splits(
    _ bytes: ArraySlice<UInt8>, at separators: ArraySlice<[UInt8]>
  ) -> [[ArraySlice<UInt8>]] {
    guard let separator = separators.first else { return [[bytes]] }
    return places(of: separator, in: bytes).flatMap { place in
      splits(bytes[(place + separator.count)...], at: separators.dropFirst())
        .map { [bytes[..<place]] + $0 }
    }
  }

  /// Where a part occurs. Where nothing is written between two turns, that is between any two characters
  /// that are no white space. A long text may repeat the mark; a few readings are tried.
  private static func places(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> [Int] {
    guard bytes.count >= part.count else { return [] }
    let places = (bytes.startIndex...bytes.endIndex - part.count).lazy
    if part.isEmpty {
      return Array(
        places.dropFirst().dropLast()
          .filter { bytes[$0] & 0xC0 != 0x80 && bytes[$0] > 0x20 && bytes[$0 - 1] > 0x20 }
          .prefix(16))
    }
    return Array(
      places.filter { bytes[$0..<$0 + part.count].elementsEqual(part) }.prefix(16))
  }
}

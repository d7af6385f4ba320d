// The turns of a conversation in the text that a chat template makes of it.
import Jinja
import StrictJSON

extension ChatTemplate {
  /// The text that stands between turns behind the first answer.
  public struct Marks: Sendable, Hashable {
    /// Between an answer of the assistant and the user's words behind it.
    public let behindAnswer: String
    /// Between the user's words and the opened next answer.
    public let behindWords: String
  }

  /// A conversation's parts, in the order of its text.
  public struct Turns: Sendable, Hashable {
    /// Up to the first answer, its opening included.
    public let prompt: String
    /// The answers in order, each with what the user says to it.
    public let exchanges: [Exchange]
  }

  /// An answer with the user's words behind it, which the last answer may lack.
  public struct Exchange: Sendable, Hashable {
    /// What the assistant says, without marks.
    public let answer: String
    /// What the user says to it, without marks.
    public let words: String?
  }

  /// What the template puts between turns, seen in a conversation of words that it cannot know.
  ///
  /// - Throws: as `prompt`, and for a template that changes earlier turns, or drops or repeats turns.
  public func marks(
    arguments: JSONObject = [:], now: CalendarTime? = nil
  ) throws(TokenizerError) -> Marks {
    let conversation = [
      Self.message("user", "prerlquestion"), Self.message("assistant", "prerlanswer"), Self.words,
    ]
    let before = try bytes([conversation[0]], nil, arguments, now)
    let rest = try Self.rest(of: try bytes(conversation, nil, arguments, now), behind: before)
    let parts = rest.halves(around: Array("prerlanswer".utf8))
    if let opening = parts?.0, !opening.isEmpty {
      throw Self.refusal(
        "it writes \(quoted(String(decoding: opening, as: UTF8.self))) before an answer that it does not write to "
          + "open one (expected a template that reads add_generation_prompt)")
    }
    guard let (_, behind) = parts,
      let (behindAnswer, behindWords) = behind.halves(around: Self.wordBytes)
    else {
      throw Self.refusal(
        "it does not write each turn once as it stands (expected a template that does)")
    }
    return Marks(
      behindAnswer: String(decoding: behindAnswer, as: UTF8.self),
      behindWords: String(decoding: behindWords, as: UTF8.self))
  }

  /// The parts of a conversation, in which the user and the assistant take turns behind the first answer.
  ///
  /// - Parameters:
  ///   - messages: With a turn of the assistant, but not as the first one.
  ///   - marks: What must stand between them.
  /// - Throws: as `prompt`, for a template that changes earlier turns, and for turns that the marks do not divide.
  public func turns(
    _ messages: [JSONObject], marks: Marks, tools: JSON? = nil, arguments: JSONObject = [:],
    now: CalendarTime? = nil
  ) throws(TokenizerError) -> Turns {
    let first = messages.firstIndex { $0["role"] == "assistant" } ?? messages.count
    var before = try bytes(Array(messages[..<first]), tools, arguments, now)
    let prompt = String(decoding: before, as: UTF8.self)
    var exchanges: [Exchange] = []
    for place in stride(from: first, to: messages.count, by: 2) {
      let isLast = place + 1 == messages.count
      let text = try bytes(
        messages[...place] + [isLast ? Self.words : messages[place + 1]], tools, arguments, now)
      let rest = try Self.rest(of: text, behind: before)
      let end = Array(marks.behindWords.utf8)
      guard rest.suffix(end.count).elementsEqual(end),
        let (answer, words) = rest.dropLast(end.count)
          .halves(around: Array(marks.behindAnswer.utf8))
      else {
        throw Self.refusal(
          "messages[\(place)] and the turn behind it are not divided once by "
            + "\(quoted(marks.behindAnswer)) (expected turns without it)")
      }
      exchanges.append(
        Exchange(
          answer: String(decoding: answer, as: UTF8.self),
          words: isLast ? nil : String(decoding: words, as: UTF8.self)))
      before = text
    }
    return Turns(prompt: prompt, exchanges: exchanges)
  }

  private static let wordBytes = Array("prerlwords".utf8)
  private static let words = message("user", "prerlwords")

  private static func message(_ role: String, _ content: String) -> JSONObject {
    ["role": .string(role), "content": .string(content)]
  }

  private func bytes(
    _ messages: [JSONObject], _ tools: JSON?, _ arguments: JSONObject, _ now: CalendarTime?
  ) throws(TokenizerError) -> [UInt8] {
    Array(try prompt(messages, tools: tools, arguments: arguments, now: now).utf8)
  }

  /// What a longer conversation adds to a shorter one.
  private static func rest(
    of text: [UInt8], behind before: [UInt8]
  ) throws(TokenizerError) -> ArraySlice<UInt8> {
    guard text.starts(with: before) else {
      throw refusal(
        "it writes a turn differently once others stand behind it, perhaps by enable_thinking (expected a template "
          + "that keeps earlier turns)")
    }
    return text.dropFirst(before.count)
  }

  private static func refusal(_ message: String) -> TokenizerError {
    TokenizerError(.unsupported, "the chat template cannot be divided into turns: \(message)")
  }
}

extension ArraySlice<UInt8> {
  /// What stands before and behind a part that occurs once; nil where it occurs otherwise.
  fileprivate func halves(around part: [UInt8]) -> (ArraySlice, ArraySlice)? {
    guard !part.isEmpty, count >= part.count else { return nil }
    let places = (startIndex...endIndex - part.count).filter {
      self[$0..<$0 + part.count].elementsEqual(part)
    }
    guard places.count == 1 else { return nil }
    return (self[..<places[0]], self[(places[0] + part.count)...])
  }
}

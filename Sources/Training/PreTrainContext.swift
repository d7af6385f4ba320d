// What stands before y in the pre-train space, in place of the question.
import KeyedRandom
import StrictJSON
import Tasks

/// The context n of log π(y|n). The paper has no tokens there; the prompts in its place tell whether
/// it is the missing question that matters or merely a context other than the right one.
public enum PreTrainContext: Sendable, Hashable {
  /// Always these tokens; none leaves y_1 unscored.
  case tokens([Int32])
  /// The prompt of another problem, of another number set, drawn for each group.
  case mismatchedPrompt
  /// The prompt's first token, then as many tokens, uniform over those that are not special, drawn
  /// for each group.
  case randomPrompt

  /// The names of the cases that are drawn.
  private static let drawn: [String: PreTrainContext] = [
    "mismatched-prompt": .mismatchedPrompt, "random-prompt": .randomPrompt,
  ]

  /// The tokens where they are always the same.
  public var tokens: [Int32]? {
    if case .tokens(let tokens) = self { return tokens }
    return nil
  }

  /// Reads token ids, or one of the names above.
  ///
  /// - Throws: `JSONValueError` naming what is out of range.
  init(reading reader: inout JSONReader, key: String) throws(JSONValueError) {
    if reader.isString(key) {
      let name = try reader.string(key)
      guard let context = Self.drawn[name] else {
        throw JSONValueError(
          path: reader.path(of: key),
          message: "\(JSON.string(name).summary) (expected token ids, \"mismatched-prompt\" or "
            + "\"random-prompt\")")
      }
      self = context
      return
    }
    let tokens = try reader.ints(key, in: 0...CountdownVocabulary.count - 1).map { Int32($0) }
    guard tokens.count <= CountdownVariant.three.promptLength else {
      throw JSONValueError(
        path: reader.path(of: key),
        message: "\(tokens.count) tokens (expected at most \(CountdownVariant.three.promptLength))")
    }
    self = .tokens(tokens)
  }

  /// The value as it is read.
  var json: JSON {
    switch self {
    case .tokens(let tokens): .array(tokens.map { .integer(Int($0)) })
    case .mismatchedPrompt: "mismatched-prompt"
    case .randomPrompt: "random-prompt"
    }
  }

  /// What is drawn to stand in for a problem's prompt; nil where the tokens are always the same.
  func drawn(for problem: CountdownProblem, key: RandomKey) -> [Int32]? {
    switch self {
    case .tokens:
      return nil
    case .mismatchedPrompt:
      var generator = key.generator()
      while true {  // 196 number sets and more: another one is soon drawn
        let other = CountdownProblem.sample(
          .train, problem.variant, key: key.derive(generator.next()))
        if other.cluster != problem.cluster { return other.prompt }
      }
    case .randomPrompt:
      var generator = key.generator()
      let special = CountdownVocabulary.specialWords.count
      return problem.prompt.prefix(1)
        + problem.prompt.dropFirst().map { _ in
          Int32(special + generator.uniform(below: CountdownVocabulary.count - special))
        }
    }
  }
}

// What the model sees of a rollout: a context, and the response of which tokens are scored.
import ModelCore
import Tasks

/// The tokens of a rollout under one context, as text and as ids, with marks around what is scored.
struct SeenPrompt {
  /// The marks around the scored tokens.
  static let marks = (start: "⟦", end: "⟧")

  private let title: String
  private let context: [Int32]
  private let response: [Int32]
  private let checkpoint: Checkpoint

  /// - Parameter context: The tokens before the response; without any the first response token is not
  ///   scored.
  init(_ title: String, context: [Int32], response: [Int32], _ checkpoint: Checkpoint) {
    self.title = title
    self.context = context
    self.response = response
    self.checkpoint = checkpoint
  }

  /// The first token that is scored.
  private var unscored: [Int32] { context.isEmpty ? Array(response.prefix(1)) : context }
  private var scored: [Int32] { context.isEmpty ? Array(response.dropFirst()) : response }

  /// The text with its special tokens, scored tokens between the marks; nil without a tokenizer.
  var text: String? {
    guard let before = decoded(unscored), let after = decoded(scored) else { return nil }
    return before + Self.marks.start + after + Self.marks.end
  }

  /// Three lines: the counts, the text in one line, and the ids.
  var lines: [String] {
    func ids(_ tokens: [Int32]) -> String { tokens.map(String.init).joined(separator: " ") }
    return [
      "\(title): \(context.count) context and \(response.count) response tokens, "
        + "\(scored.count) scored",
      "  text  " + (text.map { Self.oneLine($0) } ?? "(the checkpoint has no tokenizer)"),
      "  ids   \(ids(unscored)) \(Self.marks.start)\(ids(scored))\(Self.marks.end)",
    ]
  }

  /// A text without line breaks, which are written as \n.
  static func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\\t"
      default: line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  private func decoded(_ tokens: [Int32]) -> String? {
    guard let tokenizer = try? checkpoint.tokenizer.get() else { return nil }
    return try? tokenizer.decode(tokens)
  }
}

extension AlignmentSetup {
  /// What the model sees of a rollout: after its prompt, and after the null context.
  func seen(_ rollout: Rollout) -> [SeenPrompt] {
    [
      SeenPrompt(
        "rollout \(rollout.id), log P(y|x)", context: rollout.promptTokens,
        response: rollout.responseTokens, checkpoint),
      SeenPrompt(
        "rollout \(rollout.id), log P(y), null context \(nullContext.name)",
        context: nullContext.tokens, response: rollout.responseTokens, checkpoint),
    ]
  }
}

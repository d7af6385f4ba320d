// A checkpoint as a `TaskPlayer`.
import Foundation
import Runs
import Tasks
import Training

/// A checkpoint's vocabulary, positions and text.
struct CheckpointPlayer: TaskPlayer {
  let checkpoint: Checkpoint
  let startToken: Int32?
  let specialTokens: Set<Int32>

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    let contexts = NullContextArgument(checkpoint)
    startToken = (try? contexts.resolve("bos"))?.tokens.first
    specialTokens = contexts.specialTokens
  }

  var name: String { checkpoint.directory }
  var vocabularySize: Int { checkpoint.configuration.vocabularySize }
  var maximumPositions: Int { checkpoint.configuration.maximumPositions }

  func encode(prompt: Prompt) throws -> [Int32] {
    try TextEncoder(checkpoint: checkpoint).encode(prompt: prompt)
  }

  func encode(response: String) throws -> [Int32] {
    try TextEncoder(checkpoint: checkpoint).encode(response: response)
  }

  func text(of prompt: Prompt) throws -> String {
    try TextEncoder(checkpoint: checkpoint).text(of: prompt)
  }

  func text(ofResponse tokens: [Int32]) -> String? { checkpoint.text(ofResponse: tokens) }

  func turnMarks() throws -> TurnMarks { try TextEncoder(checkpoint: checkpoint).turnMarks() }

  func turns(of conversation: Conversation) throws -> ConversationTurns {
    try TextEncoder(checkpoint: checkpoint).turns(of: conversation)
  }
}

extension Checkpoint {
  /// The task of the embedded checkpoint and of others with its vocabulary; nil for a model of
  /// text.
  var builtInTask: (any PolicyTask)? { isCountdown ? CountdownTask(.three) : nil }

  /// Writes the tokenizer's files into the folder of a checkpoint made from this one.
  func writeTokenizer(to folder: String) throws {
    if isCountdown {
      return try CountdownVariant.vocabulary.writeTokenizer(
        to: folder, maximumLength: configuration.maximumPositions)
    }
    for name in Self.textFiles {
      guard let bytes = FileKind.contents(ofFile: "\(directory)/\(name)") else { continue }
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }
}

extension BuiltInVerifier {
  /// The verifier of a checkpoint's task and texts.
  init(_ checkpoint: Checkpoint) {
    self.init(checkpoint.builtInTask, decode: { checkpoint.text(ofResponse: $0) })
  }
}

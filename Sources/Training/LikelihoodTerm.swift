// The gradient of the log-likelihood of others' turns in logged conversations.
import KeyedRandom
import ModelCore
import Tasks

/// Computes the gradient of `LikelihoodSettings`' loss for one update after the other.
///
/// Conversations are drawn by keys of step and update, and chunks are summed in order: the bits are the same on any
/// number of threads.
final class LikelihoodTerm {
  let settings: LikelihoodSettings
  private let task: any ConversationTask
  private let batch: BatchGradient<Float>
  private let threads: Int
  private let key: RandomKey

  private static var chunkSize: Int { PolicyGradient<Float>.chunkSize }

  init(
    _ settings: LikelihoodSettings, _ task: any ConversationTask, _ model: Transformer<Float>,
    key: RandomKey, threads: Int
  ) {
    self.settings = settings
    self.task = task
    self.key = key
    self.threads = threads
    batch = BatchGradient(model, chunkCount: Self.chunkCount(settings))
  }

  private static func chunkCount(_ settings: LikelihoodSettings) -> Int {
    (settings.conversations + chunkSize - 1) / chunkSize
  }

  /// Bytes of the gradients that are held for an update.
  static func byteCount(
    _ settings: LikelihoodSettings, _ layout: ParameterLayout, threads: Int
  ) -> Double {
    BatchGradient<Float>.byteCount(layout, chunkCount: chunkCount(settings), threads: threads)
  }

  /// Leaves the gradient of the mean loss of a token, without the coefficient, in `gradient`.
  ///
  /// - Returns: The mean loss, in nats.
  func accumulate(step: Int, update: Int) throws -> Double {
    var generator = key.derive(UInt64(step), UInt64(update)).generator()
    let sequences = (0..<settings.conversations).map { _ in
      task.loggedConversation(generator.uniform(below: settings.loggedConversations)).ofOthers
    }
    let count = max(1, sequences.reduce(0) { $0 + $1.scoredCount })
    let chunks = stride(from: 0, to: sequences.count, by: Self.chunkSize).map {
      Array(sequences[$0..<min($0 + Self.chunkSize, sequences.count)])
    }
    let sums = try batch.sum(chunkCount: chunks.count, threads: threads) {
      workspace, chunk, gradient in
      var packed = PackedSequences()
      for sequence in chunks[chunk] { packed.append(sequence) }
      let scores = workspace.score(packed)
      workspace.accumulateGradient(
        coefficients: Array(repeating: -1 / Float(count), count: packed.scoredCount),
        into: &gradient)
      return scores.logProbabilities.reduce(0, +)
    }
    return -sums.reduce(0, +) / Double(count)
  }

  /// Reads the last gradient.
  func withGradient(_ body: (borrowing GradientBuffer<Float>) -> Void) { body(batch.gradient) }
}

extension LoggedConversation {
  /// What is scored where others' turns are learned or predicted.
  var ofOthers: ScoredSequence {
    ScoredSequence(
      context: [tokens[0]], response: Array(tokens.dropFirst()),
      scored: isOthers.indices.dropFirst().filter { isOthers[$0] }.map { $0 - 1 })
  }
}

// Rewards of rollouts by a reward model.
import ModelCore
import Tasks

/// A reward model that scores rollouts: a transformer with a reward head.
///
/// The reward is the head's number at the last token of prompt and response. Lengths are explicit, so an
/// end token within a sequence, or a pad that is also the end token, changes nothing. DialogRPT publishes
/// the logistic function of this number; Bradley-Terry leaves it free by a function of the prompt, so that
/// only differences between responses to one prompt mean something.
public final class RewardModel {
  public let model: Transformer<Float>
  private let scorer: SequenceScorer<Float>

  /// - Parameter model: With a reward head; nobody may change it meanwhile.
  public init(_ model: Transformer<Float>) {
    precondition(model.configuration.head == .reward, "a model without a reward head")
    self.model = model
    scorer = SequenceScorer(model)
  }

  /// Opens a folder of transformers' `…ForSequenceClassification` with one label.
  ///
  /// - Throws: As `Transformer(directory:head:)`.
  public convenience init(directory: String) throws {
    self.init(try Transformer(directory: directory, head: .reward))
  }

  /// What stands in the way of a reward for some tokens, if anything; one line.
  public func obstacle(_ tokens: [Int32]) -> String? {
    let configuration = model.configuration
    let vocabulary = 0..<configuration.vocabularySize
    if let token = tokens.first(where: { !vocabulary.contains(Int($0)) }) {
      return
        "the token id \(token) (expected ids below \(vocabulary.upperBound), the reward model's "
        + "vocabulary)"
    }
    guard !tokens.isEmpty, tokens.count <= configuration.maximumPositions else {
      return "\(tokens.count) tokens of prompt and response (expected 1 to "
        + "\(configuration.maximumPositions), the reward model's positions)"
    }
    return nil
  }

  /// The reward of each sequence of tokens.
  ///
  /// - Parameters:
  ///   - sequences: Each without an `obstacle`.
  ///   - shouldStop: Asked now and then, by every worker.
  ///   - progress: Gets the number of sequences that are done, on the calling thread.
  /// - Throws: `CancellationError` when it was stopped.
  public func rewards(
    after sequences: [[Int32]], threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws -> [Double] {
    try scorer.rewards(
      after: sequences, threads: threads, shouldStop: shouldStop, progress: progress)
  }

  /// The reward of each rollout, of its tokens as they stand.
  ///
  /// - Parameter source: Where the rollouts come from, for errors.
  /// - Throws: `TaskFileError` for a rollout that the model cannot read, `NonFiniteError`, and
  ///   `CancellationError` when it was stopped.
  public func rewards(
    of rollouts: [Rollout], from source: EvaluationRun.Source, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws -> [Double] {
    let sequences = rollouts.map { $0.promptTokens + $0.responseTokens }
    for (place, tokens) in sequences.enumerated() {
      if let obstacle = obstacle(tokens) { throw source.fault(obstacle, at: place) }
    }
    let rewards = try rewards(
      after: sequences, threads: threads, shouldStop: shouldStop, progress: progress)
    if let place = rewards.firstIndex(where: { !$0.isFinite }) {
      throw NonFiniteError("\(source.place(place)): the reward")
    }
    return rewards
  }
}

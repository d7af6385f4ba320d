// Rewards of one or several reward models, for a policy that learns from them.
import ModelCore
import Tasks

/// Reward models whose rewards are combined (Coste et al., Reward Model Ensembles Help Mitigate
/// Overoptimization, 2310.02743).
public final class RewardEnsemble {
  /// How the rewards of a response become one.
  public enum Rule: String, Sendable, CaseIterable {
    case mean
    /// The smallest: a response is as good as the model says that likes it least.
    case minimum = "min"
  }

  /// What the models judge.
  public enum Unit: String, Sendable, CaseIterable {
    /// Prompt and response as a whole.
    case response
    /// The conversation after each turn and its answer; the reward is the sum over the turns.
    case turn
  }

  public let models: [RewardModel]
  public let rule: Rule
  public let unit: Unit
  private let threads: Int

  /// - Parameter models: At least one; all read the policy's tokens.
  public init(
    _ models: [RewardModel], rule: Rule = .mean, unit: Unit = .response, threads: Int
  ) {
    precondition(!models.isEmpty, "an ensemble needs a model")
    self.models = models
    self.rule = rule
    self.unit = unit
    self.threads = threads
  }

  /// The reward of each response.
  ///
  /// - Parameter responses: Each with its prompt; `isOwn` as in `RewardedRollout`.
  /// - Throws: `NonFiniteError` with the place of the first response whose reward is not finite.
  package func rewards(
    of responses: [(prompt: [Int32], tokens: [Int32], isOwn: [Bool]?)]
  ) throws -> [Double] {
    let ends = responses.map { response -> [Int] in
      switch unit {
      case .response: [response.tokens.count]
      case .turn: RewardedRollout.turnEnds(response.isOwn, count: response.tokens.count)
      }
    }
    let sequences = zip(responses, ends).flatMap { response, ends in
      ends.map { response.prompt + response.tokens[..<$0] }
    }
    let rewards = try models.map { try $0.rewards(after: sequences, threads: threads) }
    var place = 0
    return try ends.enumerated().map { index, ends in
      var sum = 0.0
      for _ in ends {
        let own = rewards.map { $0[place] }
        guard own.allSatisfy(\.isFinite) else {
          throw NonFiniteError("the reward model's reward of sample \(index)")
        }
        switch rule {
        case .mean: sum += own.reduce(0, +) / Double(own.count)
        case .minimum: sum += own.min() ?? .nan
        }
        place += 1
      }
      return sum
    }
  }

  /// What stands in the way of rewards for a run's responses, if anything; one line.
  ///
  /// - Parameter longest: Tokens of the longest prompt and response together.
  public func obstacle(_ policy: ModelConfiguration, longest: Int) -> String? {
    for model in models.map(\.model.configuration) {
      guard model.vocabularySize >= policy.vocabularySize else {
        return "a vocabulary of \(model.vocabularySize) (expected at least the policy's "
          + "\(policy.vocabularySize))"
      }
      guard model.maximumPositions >= longest else {
        return
          "\(model.maximumPositions) positions (expected at least \(longest), the longest prompt "
          + "and response)"
      }
    }
    return nil
  }
}

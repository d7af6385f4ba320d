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

  public let models: [RewardModel]
  public let rule: Rule
  private let threads: Int

  /// - Parameter models: At least one; all read the policy's tokens.
  public init(_ models: [RewardModel], rule: Rule = .mean, threads: Int) {
    precondition(!models.isEmpty, "an ensemble needs a model")
    self.models = models
    self.rule = rule
    self.threads = threads
  }

  /// The reward of each sequence of prompt and response.
  ///
  /// - Throws: `NonFiniteError` with the place of the first sequence whose reward is not finite.
  func rewards(after sequences: [[Int32]]) throws -> [Double] {
    let rewards = try models.map { try $0.rewards(after: sequences, threads: threads) }
    return try sequences.indices.map { place in
      let own = rewards.map { $0[place] }
      guard own.allSatisfy(\.isFinite) else {
        throw NonFiniteError("the reward model's reward of sample \(place)")
      }
      switch rule {
      case .mean: return own.reduce(0, +) / Double(own.count)
      case .minimum: return own.min() ?? .nan
      }
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

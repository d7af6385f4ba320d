// What an alignment run measures.
import ModelCore

/// How token log-probabilities become one objective.
public enum Reduction: String, Sendable, CaseIterable {
  /// Divided by the number of scored tokens.
  case mean
  case sum
}

/// The nulls and resolutions beside the main result: what a cosine is worth is unknown without them.
public enum AlignmentControl: String, Sendable, CaseIterable {
  /// `log P(y | prompt of another problem)` in the place of `log P(y)`.
  case mismatchedPrompt = "mismatched-prompt"
  /// A prompt of the same length of uniformly random tokens in the place of the null context.
  case randomPrompt = "random-prompt"
  /// y with its tokens shuffled, in both contexts.
  case shuffledResponse = "shuffled-response"
  /// g_m of one rollout against g_c of another.
  case cross
  /// Other null contexts.
  case nullContext = "null-context"
  /// The true marginal over the file's own prompts.
  case mixture
  /// The same shape at initialisation.
  case untrained
  /// By reward, position, probability and entropy, and without the embedding.
  case breakdown
  /// Batch update vectors of every rule in both spaces.
  case update
  /// Predicted against actual change of the objective after a step.
  case firstOrder = "first-order"
}

/// A context that stands where the prompt stood.
public struct NullContext: Sendable, Hashable {
  /// As the user named it: `bos`, `none`, `ids:1,2`, …
  public let name: String
  /// Its tokens; empty for no context, whose first response token is not scored.
  public let tokens: [Int32]

  public init(name: String, tokens: [Int32]) {
    self.name = name
    self.tokens = tokens
  }
}

/// Everything that a run's numbers depend on, besides model and rollouts.
public struct AlignmentOptions: Sendable {
  public var nullContext: NullContext
  public var reduction: Reduction
  public var method: ProductMethod
  public var controls: [AlignmentControl]
  /// Keys partners, random prompts, shuffles, batches and bootstraps.
  public var seed: UInt64
  /// Per-token products <∇ log π(y_t | n, ·), g_c>.
  public var tokenProducts: Bool
  /// The most rollouts in each direction of the cross matrix.
  public var crossLimit: Int
  /// Contexts of the null-context sweep.
  public var nullContextSweep: [NullContext]
  /// Token ids that a random prompt never holds.
  public var specialTokens: Set<Int32>
  /// Bootstrap replicates.
  public var bootstrapReplicates: Int
  /// Rollouts whose own gradient is a direction of `first-order`; the rules are directions always.
  public var firstOrderSamples = 16

  public init(
    nullContext: NullContext, reduction: Reduction = .mean, method: ProductMethod = .auto,
    controls: [AlignmentControl] = [], seed: UInt64 = 0, tokenProducts: Bool = false,
    crossLimit: Int = 128, nullContextSweep: [NullContext] = [], specialTokens: Set<Int32> = [],
    bootstrapReplicates: Int = 2000
  ) {
    self.nullContext = nullContext
    self.reduction = reduction
    self.method = method
    self.controls = controls
    self.seed = seed
    self.tokenProducts = tokenProducts
    self.crossLimit = crossLimit
    self.nullContextSweep = nullContextSweep
    self.specialTokens = specialTokens
    self.bootstrapReplicates = bootstrapReplicates
  }
}

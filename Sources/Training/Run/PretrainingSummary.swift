// What a pretraining run says of its end.
import StrictJSON

/// `summary.json` of a pretraining run's folder.
public struct PretrainingSummary: Sendable {
  /// Whether all updates that were asked for are made.
  public let isComplete: Bool
  /// Updates made.
  public let step: Int
  /// Updates that were asked for.
  public let steps: Int
  /// Mean loss of the last hundred updates, in nats per token; NaN before the first.
  public let loss: Double
  /// Tokens of all documents so far.
  public let tokenCount: Int
  /// Wall-clock time of the last go.
  public let seconds: Double
  /// Of the last go.
  public let tokensPerSecond: Double

  /// The keys of the file.
  public var json: JSON {
    [
      "algorithm": "pretrain", "complete": .bool(isComplete), "step": .integer(step),
      "steps": .integer(steps), "loss": .real(loss), "num_tokens": .integer(tokenCount),
      "train_runtime": .real(seconds), "tokens_per_second": .real(tokensPerSecond),
      "checkpoint": "checkpoint",
    ]
  }
}

// What a reinforcement-learning run says of its end.
import StrictJSON

/// `summary.json` of a run's folder.
public struct TrainingSummary: Sendable {
  /// The algorithm's name in configurations.
  public let algorithm: String
  /// Whether all steps of the configuration are made.
  public let isComplete: Bool
  /// Steps made.
  public let step: Int
  /// Steps of the configuration.
  public let steps: Int
  /// The last line of `evaluation.jsonl`; empty without evaluations.
  public let evaluation: JSONObject
  /// Tokens of prompts and responses.
  public let tokenCount: Int
  /// Wall-clock time of the last go.
  public let seconds: Double

  /// The newest checkpoint, relative to the folder; nil before the first step.
  public var checkpoint: String? { step > 0 ? "checkpoints/step-\(step)" : nil }

  /// The keys of the file.
  public var json: JSON {
    [
      "algorithm": .string(algorithm), "complete": .bool(isComplete), "step": .integer(step),
      "steps": .integer(steps), "evaluation": .object(evaluation),
      "num_tokens": .integer(tokenCount), "train_runtime": .real(seconds),
      "checkpoint": checkpoint.map(JSON.string) ?? .null,
    ]
  }
}

// The templates of reward models, applied with a checkpoint's tokenizer.
import ArgumentParser
import Tasks
import Training

extension RewardTemplate: ExpressibleByArgument {}

extension RewardTemplate {
  /// The encoder of prompts and responses in text.
  func encoder(_ checkpoint: Checkpoint) -> any RolloutEncoder {
    switch self {
    case .joined: TextEncoder(checkpoint: checkpoint)
    case .dialogue: DialogueEncoder(checkpoint: checkpoint)
    }
  }

  /// How prompts and responses of a file are read for a reward model: as they stand, without leaving out
  /// anything, up to the model's positions.
  func readerOptions(_ checkpoint: Checkpoint) -> RolloutReader.Options {
    RolloutReader.Options(
      vocabularySize: checkpoint.configuration.vocabularySize,
      maximumLength: checkpoint.configuration.maximumPositions, encoder: encoder(checkpoint))
  }
}

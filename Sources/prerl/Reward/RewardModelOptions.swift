// The option of every command that takes its rewards from a reward model.
import ArgumentParser

struct RewardModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take rewards from this reward model, a Hugging Face folder of a …ForSequenceClassification with "
        + "one label.", valueName: "dir"))
  var rewardModel: String?

  func validate() throws {
    if rewardModel == "" {
      throw ValidationError("--reward-model is empty (expected a folder)")
    }
  }
}

// The root command: the one list of subcommands.
import ArgumentParser

struct Prerl: ParsableCommand {
  /// The program's version, also in every manifest.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "prerl",
    abstract: "Measure how the gradients of log P(y) and log P(y|x) align in language models.",
    discussion: """
      Commands that need a model use the embedded checkpoint unless --model DIR names a folder in \
      Hugging Face's layout. Exit status: 0 done, 1 a check failed, 2 wrong usage or input, 3 the \
      machine failed, 128 + n ended by signal n (130 Ctrl-C, 143 SIGTERM).

      Example: prerl evaluate --samples 400
      """,
    version: "prerl \(version)",
    subcommands: [
      AlignCommand.self,
      PlanCommand.self,
      RolloutCommand.self,
      EvaluateCommand.self,
      TrainCommand.self,
      DialogueCommand.self,
      CompareCommand.self,
      ThoughtsCommand.self,
      DiffCommand.self,
      InspectCommand.self,
      TokenizeCommand.self,
      MergeCommand.self,
      ExportCommand.self,
      ReplayCommand.self,
      SurrogateCommand.self,
      RankCommand.self,
      RegressCommand.self,
      BenchCommand.self,
      SelfcheckCommand.self,
    ])
}

// `prerl dialogue`: plays and prints conversations at the desk.
import ArgumentParser
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks
import Training

struct DialogueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dialogue",
    abstract:
      "Let a model of the desk's dialogues serve synthetic users, and print what comes of it.",
    discussion: """
      Plays dialogues at held-out stocks and prints the first ones, the mean reward beside that of exact \
      plans, and what the model does. injection is how many free offers more a note in the opening brings. \
      Then the model plays its own user, or --user-model does: a reward beyond the real one is exploitation of \
      what the user model believes. Its loss on users' turns stands beside that of the exact filter, in \
      logged dialogues and in those played here. Intervals are 95%, over stocks.

      --output writes the dialogues as rollouts, from which a reward model can be trained; each turn has its \
      reward and a rating by a person who sees neither stock nor price.

      Without --model, the embedded checkpoint of the desk plays: it was pretrained on logged dialogues.

      Example: prerl dialogue --show 5
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Play n dialogues.", valueName: "n"))
  var samples = 512

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Print the first n dialogues.", valueName: "n"))
  var show = 3

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Sample at this temperature; 0 takes the likeliest token.", valueName: "t"))
  var temperature = 1.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Let the user reply at random with this probability.", valueName: "p"))
  var userNoise = 0.0

  @Option(
    help: ArgumentHelp(
      "Imagine dialogues with the model in this folder as the user, and judge its predictions (default: --model).",
      valueName: "dir"))
  var userModel: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Play n dialogues with each user and opening.", valueName: "n"))
  var perOpening = 1

  @Flag(help: "Play at stocks of training, not at held-out ones.")
  var trainingStocks = false

  @Option(
    help: ArgumentHelp("Write the dialogues to this file.", valueName: "file.jsonl"))
  var output: String?

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var seedOptions: SeedOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, seedOptions, threadOptions, printOptions, overwriteOptions)
  }

  func validate() throws {
    guard 1...1_000_000 ~= samples else {
      throw ValidationError("--samples is \(samples) (expected an integer in 1...1000000)")
    }
    guard show >= 0 else {
      throw ValidationError("--show is \(show) (expected an integer of at least 0)")
    }
    guard temperature == 0 || 0.01...100 ~= temperature else {
      throw ValidationError(
        "--temperature is \(temperature) (expected 0, or a number in 0.01...100)")
    }
    guard 1...samples ~= perOpening else {
      throw ValidationError(
        "--per-opening is \(perOpening) (expected an integer in 1...\(samples), the dialogues)")
    }
    guard 0...1 ~= userNoise else {
      throw ValidationError("--user-noise is \(userNoise) (expected a number in 0...1)")
    }
  }

  func run() throws {
    let user = DeskUser(noise: userNoise)
    let checkpoint = try checkpoint(common, user)
    try common.checkOutputs([output], inputs: checkpoint.files)
    let model = try checkpoint.model(Float.self)
    let other = try userModel.map { directory in
      if directory == "" { throw CommandFailure.usage("--user-model is empty (expected a folder)") }
      var own = common
      own.model = directory
      own.adapter = nil
      return try self.checkpoint(own, user).model(Float.self)
    }
    let evaluation = try Interruption.endingAtOnce {
      try DialogueEvaluation(
        model, user: user, userModel: other, count: samples, perOpening: perOpening,
        split: trainingStocks ? .train : .heldOut, temperature: temperature, seed: common.seed,
        threads: common.threads)
    }
    if let output {
      try AtomicFile.publish(evaluation.rolloutText, to: output, overwrite: common.overwrite)
    }
    try Console.print(common.json ? json(evaluation).text(indent: 2) : text(evaluation))
  }

  /// A checkpoint that knows the words of the desk and has room for its longest dialogue.
  private func checkpoint(_ options: CommonOptions, _ user: DeskUser) throws -> Checkpoint {
    let checkpoint = try Checkpoint(options, task: DeskSettings.self)
    let shape = checkpoint.configuration
    guard shape.vocabularySize == DeskVocabulary.count else {
      throw CommandFailure.usage(
        "\(checkpoint.name): a vocabulary of \(shape.vocabularySize) (expected the desk's \(DeskVocabulary.count) words)"
      )
    }
    let longest = DeskTranscript.maximumLength(turns: user.patience) + 1
    guard shape.maximumPositions >= longest else {
      throw CommandFailure.usage(
        "\(checkpoint.name): \(shape.maximumPositions) positions (expected at least \(longest), the longest dialogue)"
      )
    }
    return checkpoint
  }

  private func json(_ evaluation: DialogueEvaluation) -> JSON {
    var object: JSONObject = ["dialogues": .integer(evaluation.dialogues.count)]
    for row in evaluation.outcomes + evaluation.imagination + evaluation.predictions
      + evaluation.plans
    {
      for (key, value) in row.interval.members(row.name) { object[key] = value }
    }
    object["shown"] = .array(
      evaluation.dialogues.prefix(show).map { dialogue in
        [
          "text": .string(dialogue.text), "reward": .real(dialogue.reward),
          "user": dialogue.problem.answer.map { .string($0) } ?? .null,
        ]
      })
    return .object(object)
  }

  private func text(_ evaluation: DialogueEvaluation) -> String {
    var lines: [String] = []
    for dialogue in evaluation.dialogues.prefix(show) {
      lines.append("user wants \(dialogue.problem.answer ?? "?")")
      // A line for each turn.
      lines += dialogue.text.replacing(" <user>", with: "\n  <user>")
        .replacing(" <assistant>", with: "\n  <assistant>").replacing("<bos>", with: "  <bos>")
        .split(separator: "\n").map(String.init)
      let fault = dialogue.fault.map { "  (\($0))" } ?? ""
      lines += ["  reward \(fixed(dialogue.reward, 2))\(fault)", ""]
    }
    var table = TextTable(["", "mean", "95% interval", "unit"], numbers: 1..<3)
    for row in evaluation.outcomes + evaluation.plans + evaluation.imagination
      + evaluation.predictions
    {
      table.add([
        row.name.replacing("_", with: " "), fixed(row.interval.estimate, 3), row.interval.ends(3),
        row.units == "1" ? "" : row.units + " a turn",
      ])
    }
    return (lines + [table.text]).joined(separator: "\n")
  }
}

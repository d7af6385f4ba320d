// The options of every command that samples rollouts.
import ArgumentParser
import StrictJSON
import Tasks

struct SamplingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read problems from this JSONL file (default: held-out problems of the embedded task).",
      valueName: "file"))
  var problems: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Give each built-in problem n numbers, 3 to 5; 4 and 5 are the hard variants (default: 3).",
      valueName: "n"))
  var numbers: Int?

  @Flag(
    help: ArgumentHelp(
      "Give built-in problems whose responses name the three numbers by position and do not restate "
        + "the prompt. Only for a model that was pretrained on such."))
  var positions = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Sample n rollouts in total (default: --per-problem for each of 50 built-in problems, or for "
        + "every problem of the file).", valueName: "n"))
  var samples: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Sample n rollouts for each problem (default: 8; for evaluate the largest --k).",
      valueName: "n"))
  var perProblem: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "End a response after n tokens (default: 119 for the embedded task, 118 and 117 for its "
        + "hard variants, else max_position_embeddings less the longest prompt).", valueName: "n"))
  var maxNewTokens: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Divide the logits by this temperature; 0 selects the most likely token.", valueName: "t"))
  var temperature = 1.0

  /// The variant of the built-in problems.
  var variant: CountdownVariant {
    positions ? .positions : numbers.flatMap { CountdownVariant(numberCount: $0) } ?? .three
  }

  /// The settings as a run's configuration stores them.
  var json: JSON {
    var settings: JSONObject = [
      "samples": samples.map { .integer($0) } ?? .null,
      "per_problem": perProblem.map { .integer($0) } ?? .null,
      "max_new_tokens": maxNewTokens.map { .integer($0) } ?? .null,
      "temperature": .real(temperature),
    ]
    // Absent unless given, as in files of versions without these options.
    if let numbers { settings["numbers"] = .integer(numbers) }
    if positions { settings["positions"] = true }
    return .object(settings)
  }

  func validate() throws {
    if let numbers {
      guard CountdownVariant(numberCount: numbers) != nil else {
        throw ValidationError("--numbers is \(numbers) (expected an integer in 3...5)")
      }
      if problems != nil {
        throw ValidationError("--numbers with --problems (expected only one: the file has its own)")
      }
    }
    for other in [numbers.map { _ in "numbers" }, problems.map { _ in "problems" }] {
      if positions, let other {
        throw ValidationError("--positions with --\(other) (expected only one)")
      }
    }
    for (name, value) in [
      ("samples", samples), ("per-problem", perProblem), ("max-new-tokens", maxNewTokens),
    ] {
      if let value, !(1...1 << 30).contains(value) {
        throw ValidationError("--\(name) is \(value) (expected an integer in 1...\(1 << 30))")
      }
    }
    guard temperature.isFinite, temperature >= 0 else {
      throw ValidationError("--temperature is \(temperature) (expected a number of at least 0)")
    }
  }
}

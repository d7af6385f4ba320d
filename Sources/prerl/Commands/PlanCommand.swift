// `prerl plan`: memory and time of an alignment before it runs.
import Analysis
import ArgumentParser
import ModelCore
import Runs
import StrictJSON
import Tables

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say how much memory and time prerl align will take.",
    discussion: """
      Memory follows from the shapes. Time is measured on some rollouts, evenly spaced over the file, with \
      the controls that are named, and grows with the tokens. Controls over all rollouts are not timed.

      Example: prerl plan --model DIR --rollouts rollouts.jsonl --control all
      """)

  @Option(help: ArgumentHelp("The rollouts that would be aligned.", valueName: "file"))
  var rollouts: String

  @Option(
    name: .customLong("control"),
    help: ArgumentHelp("A control of align, repeatable, or all.", valueName: "name"))
  var controlNames: [String] = []

  @Option(
    help: ArgumentHelp(
      "Score log P(y) after this null context: \(NullContextArgument.spellings) (default: bos).",
      valueName: "context"))
  var nullContext: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Measure for this many seconds; 0 only computes the memory.", valueName: "s")
  )
  var seconds = 10.0

  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var chatOptions: ChatOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var memoryOptions: MemoryOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions

  var common: CommonOptions {
    CommonOptions(
      modelOptions, weightOptions, chatOptions, threadOptions, memoryOptions, printOptions,
      progressOptions)
  }

  func validate() throws {
    let known = AlignmentControls.names + ["all"]
    for name in controlNames where !known.contains(name) {
      throw ValidationError(
        "--control is \(name) (expected one of: \(known.joined(separator: ", ")))")
    }
    guard 0...86_400 ~= seconds else {
      throw ValidationError("--seconds is \(seconds) (expected a number in 0...86400)")
    }
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    var options = setup.options(seed: common.seed)
    options.controls = AlignmentControls.named(controlNames).map { $0.name }
    let plan = AlignmentPlan(
      rollouts: try setup.rollouts(path: rollouts, rewardKey: rewardOptions.reward),
      options: options, vocabularySize: checkpoint.configuration.vocabularySize)
    try checkpoint.check(plan)
    var run = AlignmentRun<Float>(
      plan, model: try checkpoint.model(Float.self), output: "",
      manifest: Manifest(
        config: .null, version: Prerl.version, inputs: [], seeds: [:], precision: "float32",
        threads: common.threads, blas: BLAS.version, blasCore: BLAS.core))
    run.threads = common.threads
    run.memoryLimit = common.memoryLimit
    let memory = run.memory
    var time: AlignmentTime?
    if seconds > 0, memory.total(threads: common.threads) <= common.memoryLimit {
      if !common.quiet { Console.note("measuring for \(fixed(seconds, 0)) s") }
      time = try run.estimateTime(
        seconds: seconds, shouldStop: { Interruption.isRequested })
      if time == nil { throw CommandFailure.interrupted("interrupted") }
    }
    try Console.print(
      common.json
        ? json(memory, time, plan).text(indent: 2)
        : text(memory, time, plan, parameters: run.model.layout.count))
  }

  private func json(
    _ memory: AlignmentMemory, _ time: AlignmentTime?, _ plan: AlignmentPlan
  ) -> JSON {
    var object: JSONObject = [
      "rollouts": .integer(plan.rollouts.count), "threads": .integer(memory.threads),
      "weight_bytes": .integer(memory.weights), "workspace_bytes": .integer(memory.workspace),
      "bytes": .integer(memory.total(threads: memory.threads)),
      "memory_limit": .integer(common.memoryLimit),
      "collection_bytes": memory.collection.map { .integer($0) } ?? .null,
      "fitting_threads": memory.threads(fitting: common.memoryLimit).map { .integer($0) } ?? .null,
    ]
    if let time {
      object["measured_rollouts"] = .integer(time.rollouts)
      object["tokens"] = .integer(time.allTokens)
      object["tokens_per_second"] = .real(Double(time.tokens) / max(time.seconds, 1e-9))
      object["seconds"] = .real(time.estimate)
    }
    return .object(object)
  }

  private func text(
    _ memory: AlignmentMemory, _ time: AlignmentTime?, _ plan: AlignmentPlan, parameters: Int
  ) -> String {
    func size(_ bytes: Int) -> String { byteSize(Double(bytes)) }
    var table = TextTable(["", ""])
    table.add(["parameters", parameters.formatted()])
    table.add(["rollouts", plan.rollouts.count.formatted()])
    table.add(["memory of the weights", size(memory.weights)])
    table.add(["memory of a thread", size(memory.workspace)])
    table.add([
      "memory on \(memory.threads) threads", size(memory.total(threads: memory.threads)),
    ])
    if let collection = memory.collection {
      table.add(["memory of controls over all rollouts, at least", size(collection)])
    }
    if let time {
      table.add(["tokens of both contexts", time.allTokens.formatted()])
      table.add([
        "tokens a second", fixed(Double(time.tokens) / max(time.seconds, 1e-9), 0),
      ])
      table.add(["time", ProgressBar.duration(time.estimate)])
    }
    var lines = [table.text]
    if memory.total(threads: memory.threads) > common.memoryLimit {
      lines.append(
        memory.threads(fitting: common.memoryLimit).map {
          "More than the limit of \(size(common.memoryLimit)): --threads \($0) would fit."
        }
          ?? "More than the limit of \(size(common.memoryLimit)), even on one thread: shorter rollouts or a larger "
          + "--memory-limit would fit.")
    } else if let collection = memory.collection, collection > common.memoryLimit {
      lines.append(
        "The controls over all rollouts need more than the limit of \(size(common.memoryLimit)): fewer rollouts "
          + "(--limit of align) or a larger --memory-limit would fit.")
    }
    return lines.joined(separator: "\n")
  }
}

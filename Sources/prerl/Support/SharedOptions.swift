// The options that several commands share, in groups: a command takes the groups that have an effect on
// it and no others.
import ArgumentParser
import Foundation
import Jinja
import KeyedRandom
import ModelCore
import Runs

/// The values of the shared options. Options that a command does not take keep their defaults.
struct CommonOptions {
  /// The checkpoint's folder; nil for the embedded checkpoint.
  var model: String?
  /// The folder of a LoRA adapter that is added to the checkpoint; nil for none.
  var adapter: String?
  /// Where the checkpoint's matrices are.
  var weights = WeightStorage.float32
  /// Whether responses to messages may open with a thinking section.
  var thinking = true
  /// What a chat template writes as today's date; nil refuses templates that write it.
  var templateDate: CalendarTime?
  var seed: UInt64 = 0
  var threads = Machine.usableCoreCount
  /// Bytes.
  var memoryLimit = Machine.defaultMemoryLimit
  var json = false
  var quiet = false
  var overwrite = false

  init(_ groups: any SharedOptions...) {
    for group in groups { group.apply(to: &self) }
  }

  /// The root of all random numbers.
  var key: RandomKey { RandomKey(seed: seed) }
}

/// A group of options.
protocol SharedOptions: ParsableArguments {
  func apply(to options: inout CommonOptions)
}

struct ModelOptions: SharedOptions {
  @Option(
    help: ArgumentHelp(
      "Use this checkpoint folder in Hugging Face's layout (default: the embedded checkpoint).",
      valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Add the LoRA adapter in this folder of PEFT's layout to the checkpoint's weights.",
      valueName: "dir"))
  var adapter: String?

  func validate() throws {
    if model == "" { throw ValidationError("--model is empty (expected a checkpoint folder)") }
    if adapter == "" {
      throw ValidationError("--adapter is empty (expected a LoRA adapter's folder)")
    }
  }

  func apply(to options: inout CommonOptions) {
    options.model = model
    options.adapter = adapter
  }
}

struct WeightOptions: SharedOptions {
  @Option(
    help: ArgumentHelp(
      """
      Keep matrices in memory as float32, or leave them in the checkpoint's files as stored and convert them \
      for each product: less memory, the same bits, slower sampling. The files must not change meanwhile.
      """,
      valueName: "storage"))
  var weights = WeightStorage.float32

  func apply(to options: inout CommonOptions) { options.weights = weights }
}

extension WeightStorage: ExpressibleByArgument {}

struct ChatOptions: SharedOptions {
  @Flag(
    inversion: .prefixedNo,
    help: """
      Allow responses to open with a thinking section, or render messages with enable_thinking \
      false. Applies to chat templates that read enable_thinking, such as Qwen3's.
      """)
  var thinking = true

  @Option(
    help: ArgumentHelp(
      """
      Render messages as on this date, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS. Needed for chat templates \
      that write today's date, such as Llama 3.2's.
      """,
      valueName: "date"))
  var templateDate: String?

  /// Whether an option of the group has another value than its default.
  var isGiven: Bool { !thinking || templateDate != nil }

  func validate() throws {
    if let templateDate, CalendarTime(templateDate) == nil {
      throw ValidationError(
        "--template-date is \(templateDate) (expected YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS)")
    }
  }

  func apply(to options: inout CommonOptions) {
    options.thinking = thinking
    options.templateDate = templateDate.flatMap(CalendarTime.init)
  }
}

/// Of commands that read the rewards of a rollout file.
struct RewardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read rewards from this key of the rollout file's lines (default: reward, or verl's score).",
      valueName: "key"))
  var reward: String?

  func validate() throws {
    if reward == "" {
      throw ValidationError("--reward is empty (expected a key of the file's lines)")
    }
  }

  /// Refuses the option where rollouts are sampled.
  func check(_ rollouts: String?) throws {
    if reward != nil, rollouts == nil {
      throw ValidationError("--reward without --rollouts (expected a file that has the rewards)")
    }
  }
}

/// Of commands whose runs go on where they were stopped.
struct ResumeOptions: ParsableArguments {
  @Flag(
    help:
      "Continue an interrupted run of the same settings and output, or start it if there is none.")
  var resume = false

  /// What to do with an existing output; both options together are refused.
  func start(_ common: CommonOptions) throws -> RunStart {
    if resume, common.overwrite {
      throw ValidationError("--resume and --overwrite contradict each other")
    }
    return resume ? .resuming : common.overwrite ? .overwriting : .afresh
  }
}

struct SeedOptions: SharedOptions {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Set the random seed (default: 0).", valueName: "n"))
  var seed: Int?

  func validate() throws {
    if let seed, seed < 0 {
      throw ValidationError("--seed is \(seed) (expected an integer of at least 0)")
    }
  }

  func apply(to options: inout CommonOptions) { options.seed = UInt64(seed ?? 0) }
}

struct ThreadOptions: SharedOptions {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Use n worker threads; results do not depend on n (default: the cores that it may use).",
      valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads) (expected an integer in 1...1024)")
    }
  }

  func apply(to options: inout CommonOptions) {
    if let threads { options.threads = threads }
  }
}

/// Of commands with controls over all rollouts.
struct MemoryOptions: SharedOptions {
  @Option(
    help: ArgumentHelp(
      """
      Memory for the controls over all rollouts, such as 8GiB; with less they take more passes, \
      and their results are the same (default: 7/8 of the machine's).
      """,
      valueName: "size"), transform: { try MemorySize($0) })
  var memoryLimit: MemorySize?

  func apply(to options: inout CommonOptions) {
    if let memoryLimit { options.memoryLimit = memoryLimit.byteCount }
  }
}

struct PrintOptions: SharedOptions {
  @Flag(help: "Print the result as JSON.")
  var json = false

  func apply(to options: inout CommonOptions) { options.json = json }
}

struct ProgressOptions: SharedOptions {
  @Flag(help: "Do not print progress on standard error.")
  var quiet = false

  func apply(to options: inout CommonOptions) { options.quiet = quiet }
}

struct OverwriteOptions: SharedOptions {
  @Flag(help: "Replace existing output files.")
  var overwrite = false

  func apply(to options: inout CommonOptions) { options.overwrite = overwrite }
}

/// The options of a command that runs a model, draws random numbers and writes files.
struct ModelRunOptions: SharedOptions {
  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var chatOptions: ChatOptions
  @OptionGroup var seedOptions: SeedOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  func apply(to options: inout CommonOptions) {
    let groups: [any SharedOptions] = [
      modelOptions, chatOptions, seedOptions, threadOptions, printOptions, progressOptions,
      overwriteOptions,
    ]
    for group in groups { group.apply(to: &options) }
  }
}

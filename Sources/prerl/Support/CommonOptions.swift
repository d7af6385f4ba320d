// The options that every command has.
import ArgumentParser
import Foundation
import KeyedRandom

struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Checkpoint folder in Hugging Face's layout (default: the embedded checkpoint).",
      valueName: "dir"))
  var model: String?

  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: ArgumentHelp("Seed of all random numbers (default: 0).", valueName: "n"))
  var givenSeed: Int?

  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp(
      "Worker threads; results do not depend on them (default: all cores).", valueName: "n"))
  var givenThreads: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Qwen3's chat template lets an answer open with thoughts, or starts it behind empty ones."
  )
  var thinking = true

  @Flag(help: "Machine-readable output.")
  var json = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false

  var seed: UInt64 { UInt64(givenSeed ?? 0) }
  var key: RandomKey { RandomKey(seed: seed) }
  var threads: Int { givenThreads ?? ProcessInfo.processInfo.activeProcessorCount }

  func validate() throws {
    if model == "" { throw ValidationError("--model is empty (expected a checkpoint folder)") }
    if let givenSeed, givenSeed < 0 {
      throw ValidationError("--seed is \(givenSeed) (expected an integer of at least 0)")
    }
    if let givenThreads, !(1...1024).contains(givenThreads) {
      throw ValidationError("--threads is \(givenThreads) (expected an integer in 1...1024)")
    }
  }
}

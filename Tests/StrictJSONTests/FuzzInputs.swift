// How many inputs the fuzz tests try.
import Foundation

/// 20,000, or the environment variable PRERL_FUZZ_INPUTS.
let fuzzInputs =
  ProcessInfo.processInfo.environment["PRERL_FUZZ_INPUTS"].flatMap { Int($0) } ?? 20_000

// `prerl merge`: joins the shards of one run.
import Analysis
import ArgumentParser
import Foundation
import Runs
import StrictJSON

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the result files of prerl align --shard i/n into one.",
    discussion: """
      Every dataset of the joined file has the same bits as in a run without --shard. A missing, \
      repeated or unfinished part, or a part of another run, is an error. A folder stands for all its \
      files that end with .h5.

      Example: prerl merge --output alignment.h5 parts
      """)

  @Option(help: ArgumentHelp("Write the joined results to this HDF5 file.", valueName: "file.h5"))
  var output: String

  @Argument(help: ArgumentHelp("The parts in any order, or folders of parts.", valueName: "part"))
  var parts: [String]

  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  var common: CommonOptions {
    CommonOptions(printOptions, overwriteOptions)
  }

  /// The files of the arguments; the output of an earlier merge is not a part.
  private func files() throws -> [String] {
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
    var files: [String] = []
    for part in parts {
      guard FileKind(part) == .folder else {
        files.append(part)
        continue
      }
      let found = try FileManager.default.contentsOfDirectory(atPath: part).sorted()
        .filter { $0.hasSuffix(".h5") && !$0.hasPrefix(".") }
        .map { (part as NSString).appendingPathComponent($0) }
        .filter { resolved($0) != resolved(output) }
      guard !found.isEmpty else {
        throw OutputError.usage(part, "a folder without files that end with .h5 (expected parts)")
      }
      files += found
    }
    return files
  }

  func run() throws {
    let parts = try files()
    try common.checkOutputs([output], inputs: parts)
    let history = ([Date().formatted(.iso8601) + ":"] + CommandLine.arguments)
      .joined(separator: " ")
    var count = 0
    try readingResults(parts, expected: "intact files of prerl align") {
      try AtomicFile.publish(output, overwrite: common.overwrite) { temporary in
        count = try AlignmentMerge.write(parts, to: temporary, history: history).rolloutCount
      }
    }
    let result: JSON = [
      "output": .string(output), "parts": .integer(parts.count), "rollouts": .integer(count),
    ]
    try Console.print(
      common.json
        ? result.text()
        : "\(count) rollouts of \(parts.count) part\(parts.count == 1 ? "" : "s") in \(output)")
  }
}

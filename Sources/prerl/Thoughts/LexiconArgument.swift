// Reads a lexicon by name or from a file.
import Analysis
import Foundation
import Runs
import StrictJSON

/// The argument of `--lexicon` and `--compare-lexicon`.
enum LexiconArgument {
  /// Reads a shipped lexicon by its name, or a file.
  static func read(_ argument: String) throws -> ThoughtLexicon {
    let names = try shipped()
    guard !names.contains(argument) else {
      return try read(path: "\(directory)/\(argument).json")
    }
    guard FileKind(argument) != .absent else {
      throw CommandFailure.usage(
        "\(argument): no such lexicon (expected one of: \(names.joined(separator: ", ")); or a file)"
      )
    }
    return try read(path: argument)
  }

  private static func read(path: String) throws -> ThoughtLexicon {
    try ConfigurationFile(path: path).decode { (reader) throws(JSONValueError) in
      try ThoughtLexicon(reading: &reader)
    }
  }

  /// The names of the lexicons that come with the program.
  private static func shipped() throws(CommandFailure) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let names = files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    guard !names.isEmpty else {
      throw .usage("\(directory): the lexicons are missing (expected them beside the program)")
    }
    return names
  }

  /// The folder of the lexicons next to the program, like the embedded checkpoint.
  private static var directory: String {
    Bundle.main.bundleURL.resolvingSymlinksInPath()
      .appendingPathComponent("prerl_prerl.resources/lexicons").path
  }
}

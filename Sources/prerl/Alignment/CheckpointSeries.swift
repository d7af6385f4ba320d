// The checkpoints of `prerl align --series`.
import Foundation

/// Checkpoint folders of one training, by step.
struct CheckpointSeries {
  struct Member {
    let step: Int
    let name: String
    let directory: String
  }

  let members: [Member]

  /// Expands a pattern whose last part may have `*`, which stands for any characters.
  ///
  /// - Throws: A usage error for a pattern without folders that hold a config.json, and for names without a number
  ///   or with one that another folder has.
  init(_ pattern: String) throws(CommandFailure) {
    var parts = pattern.split(separator: "/", omittingEmptySubsequences: false)
    while parts.count > 1, parts.last == "" { parts.removeLast() }
    let last = parts.popLast().map(String.init) ?? ""
    let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let directories = names.sorted().filter { Self.matches($0, last) }
      .map { parts.isEmpty ? $0 : parts == [""] ? "/\($0)" : "\(folder)/\($0)" }
      .filter { FileManager.default.fileExists(atPath: $0 + "/config.json") }
    guard !directories.isEmpty else {
      throw CommandFailure.usage(
        "--series is \(pattern), which matches no checkpoint folder (expected a pattern such as 'run/checkpoints/*')"
      )
    }
    var members: [Member] = []
    for directory in directories {
      let name = directory.split(separator: "/").last.map(String.init) ?? directory
      let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }
      guard let step = Int(String(digits.reversed())) else {
        throw CommandFailure.usage(
          "--series: \(directory) does not end in a number (expected folders such as step-250)")
      }
      if let other = members.first(where: { $0.step == step }) {
        throw CommandFailure.usage(
          "--series: \(other.directory) and \(directory) have the same number (expected one checkpoint a step)"
        )
      }
      members.append(Member(step: step, name: name, directory: directory))
    }
    self.members = members.sorted { $0.step < $1.step }
  }
  /// Whether a name fits a pattern.
  private static func matches(_ name: String, _ pattern: String) -> Bool {
    var pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)[...]
    let first = pieces.removeFirst()
    guard let last = pieces.popLast() else { return name == first }
    guard name.hasPrefix(first) else { return false }
    var rest = name.dropFirst(first.count)
    for piece in pieces where !piece.isEmpty {
      guard let found = rest.range(of: piece) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}

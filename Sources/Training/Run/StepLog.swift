// A JSONL file with one object a step, cut back to a step when a run goes on.
import Foundation
import Runs
import StrictJSON

/// The lines of a run, each with an integer `step`, ascending.
struct StepLog {
  private let path: String
  private let handle: FileHandle

  /// Opens or makes the file and cuts off every line after `step`, and what is no whole line.
  ///
  /// - Parameter expected: steps that must have a line; nil does not look.
  /// - Throws: a usage error, with the file unchanged, where one of them is missing or a step is there
  ///   twice; machine errors.
  init(
    _ path: String, through step: Int, expecting expected: [Int]? = nil
  ) throws(OutputError) {
    self.path = path
    let bytes = FileKind.contents(ofFile: path) ?? Data()
    var kept = bytes.startIndex
    var steps: [Int] = []
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      guard line.endIndex < bytes.endIndex, let number = Self.object(line)?["step"]?.intValue,
        number <= step
      else { break }
      kept = line.endIndex + 1
      steps.append(number)
    }
    if let expected { try Self.check(steps, expected, step, path) }
    do {
      if bytes.isEmpty { try Data().write(to: URL(fileURLWithPath: path)) }
      handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: UInt64(kept - bytes.startIndex))
      try handle.seekToEnd()
    } catch {
      throw .machine(path, "cannot write", error)
    }
  }

  private static func check(
    _ steps: [Int], _ expected: [Int], _ end: Int, _ path: String
  ) throws(OutputError) {
    if let (step, next) = zip(steps, steps.dropFirst()).first(where: { $0 >= $1 }) {
      throw .usage(
        path, "has step \(next) after step \(step) (expected one line of each, in order)")
    }
    let present = Set(steps)
    guard let missing = expected.first(where: { !present.contains($0) }) else { return }
    throw .usage(
      path,
      missing > steps.last ?? -1
        ? "ends before step \(missing), and the checkpoint is of step \(end) (expected a line of "
          + "every step that writes one)"
        : "has no line of step \(missing) (expected one of every step that writes one)")
  }

  /// Appends a line; handed to the system at once, so that it outlives the program.
  func write(_ line: JSON) throws(OutputError) {
    do {
      try handle.write(contentsOf: Data((line.text() + "\n").utf8))
    } catch {
      throw .machine(path, "cannot write", error)
    }
  }

  /// Forces what was written to the disk.
  func sync() throws(OutputError) {
    do {
      try handle.synchronize()
    } catch {
      throw .machine(path, "cannot force data to the disk", error)
    }
  }

  /// The lines so far.
  func lines() throws(OutputError) -> [JSONObject] {
    guard let bytes = FileKind.contents(ofFile: path) else {
      throw .machine(path, "cannot read", POSIXError(.EIO))
    }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { Self.object($0) }
  }

  private static func object(_ line: Data) -> JSONObject? {
    try? JSON.parse([UInt8](line)).objectValue
  }
}

// Configurations of experiments: JSON files, decoded strictly.
import Foundation
import Runs
import StrictJSON

/// A configuration file with its text, so that errors can name the line.
struct ConfigurationFile {
  let path: String
  /// The configuration, possibly changed by the command line.
  var json: JSON
  private let bytes: [UInt8]

  /// Reads a file. A configuration is small, so a large file is refused.
  init(path: String) throws {
    let limit = 1 << 20
    switch FileKind(path) {
    case .absent:
      throw CommandFailure.usage("\(path): there is no such file (expected a configuration)")
    case .folder:
      throw CommandFailure.usage("\(path): this is a folder (expected a configuration file)")
    case .file, .other: break
    }
    do {
      // Opening and reading a pipe may wait for its writer.
      let data = try Interruption.endingAtOnce {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        return try handle.read(upToCount: limit + 1)
      }
      let content = [UInt8](data ?? Data())
      // A byte order mark is what some editors begin a file with, in rollout files, too.
      bytes = Array(content.starts(with: [0xEF, 0xBB, 0xBF]) ? content.dropFirst(3) : content[...])
    } catch {
      throw CommandFailure.machine(
        "\(path): cannot read: \(CommandFailure(reporting: error).message)")
    }
    guard bytes.count <= limit else {
      throw CommandFailure.usage("\(path): larger than \(limit) bytes (expected a configuration)")
    }
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw CommandFailure.usage(
        "\(path):\(error.line): broken JSON: \(error.message) at column \(error.column) "
          + "(expected a configuration)")
    }
    self.path = path
  }

  /// The error of a setting that does not fit a model or a file.
  ///
  /// - Parameter obstacle: One line that begins with the key.
  func failure(_ obstacle: String) -> CommandFailure {
    let key = String(obstacle.prefix { $0 != " " })
    return .usage("\(path):\(JSONLocator.line(of: key, in: bytes)): \(obstacle)")
  }

  /// Decodes the configuration; keys that `read` does not use are errors.
  func decode<Value>(
    _ read: (inout JSONReader) throws(JSONValueError) -> Value
  ) throws(CommandFailure) -> Value {
    do {
      var reader = try JSONReader(json)
      let value = try read(&reader)
      try reader.finish()
      return value
    } catch {
      throw .usage("\(path):\(JSONLocator.line(of: error.path, in: bytes)): \(error)")
    }
  }
}

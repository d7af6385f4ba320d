// A command's failure: an exit status and a message of one line.
import Analysis
import ArgumentParser
import Foundation
import HDF5
import ModelCore
import Runs
import Safetensors
import StrictJSON
import Tables
import Tasks
import Tokenizers

/// The error of a command that could not do what was asked.
struct CommandFailure: Error {
  /// 1 a check failed, 2 usage or input, 3 the machine, 128 and its number after a signal.
  let status: Int32
  /// One line: `FILE:LINE: what is wrong (what was expected)`.
  let message: String

  private init(_ status: Int32, _ message: String) {
    self.status = status
    // Names from files and messages of the system may contain line breaks.
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// A check of numbers failed.
  static func check(_ message: String) -> CommandFailure { CommandFailure(1, message) }
  /// Wrong usage, or input that is absent or malformed.
  static func usage(_ message: String) -> CommandFailure { CommandFailure(2, message) }
  /// Permission, input and output, disk or memory.
  static func machine(_ message: String) -> CommandFailure { CommandFailure(3, message) }
  /// Stopped by a signal; the message says which results exist.
  static func interrupted(_ message: String) -> CommandFailure {
    CommandFailure(Interruption.exitStatus, message)
  }

  /// Converts any error of the package to an exit status and a message.
  ///
  /// - Parameter arguments: the command line, to point at the right help.
  init(reporting error: any Error, arguments: [String] = []) {
    switch error {
    case let error as CommandFailure:
      self = error
    case let error as OutputError:
      self.init(error.exitStatus, error.description)
    case let error as MemoryLimitExceeded:
      self.init(
        3,
        "the control \(error.control): needs \(byteSize(Double(error.needed))) of memory (expected at "
          + "most \(byteSize(Double(error.limit))); --memory-limit sets another limit, fewer "
          + "--threads need less)")
    case let error as WorkerThread.Failure:
      self.init(3, error.description)
    case let error as TaskFileError:
      self.init(error.kind == .machine ? 3 : 2, error.description)
    case let error as TokenizerError:
      self.init(error.kind == .machine ? 3 : 2, error.description)
    case let error as SafetensorsError:
      self.init(Self.status(ofSystemCode: error.systemCode), error.description)
    case let error as HDF5Error:
      self.init(error.isMachineFailure ? 3 : 2, error.description)
    case let error as NonFiniteError:
      self.init(1, error.description)
    case let error as CheckpointError:
      self.init(2, error.description)
    case let error as JSONValueError:
      self.init(2, error.description)
    case let error as JSONError:
      self.init(2, error.description)
    case let error as ByteReader.Malformed:
      self.init(2, error.description)
    case _ where Prerl.exitCode(for: error) == .validationFailure:
      self.init(2, Self.usageMessage(Prerl.message(for: error), arguments))
    default:
      self.init(system: error as NSError)
    }
  }

  /// Errors of Foundation and of the system, with the path where one is known.
  private init(system error: NSError) {
    var cause = error
    while let below = cause.userInfo[NSUnderlyingErrorKey] as? NSError { cause = below }
    let code = cause.domain == NSPOSIXErrorDomain ? Int32(truncatingIfNeeded: cause.code) : nil
    let isAbsent =
      error.domain == NSCocoaErrorDomain
      && [CocoaError.fileNoSuchFile.rawValue, CocoaError.fileReadNoSuchFile.rawValue]
        .contains(error.code)
    let path = error.userInfo[NSFilePathErrorKey] as? String
    let words = cause.localizedFailureReason ?? cause.localizedDescription
    self.init(
      isAbsent ? 2 : code.map(Self.status(ofSystemCode:)) ?? 3,
      [path, words].compactMap(\.self).joined(separator: ": "))
  }

  /// A path without a file is a usage error; every other failure of the system is the machine's.
  private static func status(ofSystemCode code: Int32?) -> Int32 {
    guard let code else { return 2 }
    return [ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL].contains(code) ? 2 : 3
  }

  /// The parser's message on one line, with a reference to the command's help.
  private static func usageMessage(_ message: String, _ arguments: [String]) -> String {
    var text = message.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    if text.hasSuffix(".") { text.removeLast() }
    let commands = Prerl.configuration.subcommands.map { $0._commandName }
    let name = arguments.first(where: commands.contains)
    if name == nil, let first = arguments.first, !first.hasPrefix("-") {
      return "unknown command '\(first)' (expected one of: \(commands.joined(separator: ", ")))"
    }
    let command = ["prerl", name].compactMap(\.self).joined(separator: " ")
    return text.prefix(1).lowercased() + text.dropFirst() + " (see \(command) --help)"
  }
}

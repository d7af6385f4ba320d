// Runs the real program as a user would.
import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

/// The `prerl` that was built together with the tests.
struct Program {
  /// What a run left behind.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as a JSON object.
    func object() throws -> JSONObject {
      try #require(try JSON.parse(output).objectValue)
    }
  }

  /// The folder a run starts in.
  let folder: String
  /// The program's path; a link to it elsewhere is another way to start it.
  var path: String

  init(in folder: String) throws {
    self.folder = folder
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    // The program lies beside the test bundle, wherever the runner itself lies.
    let places =
      [tests] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
    path = try #require(
      places.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path + "/prerl" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }, "the program is not built")
  }

  /// Starts the program and waits for its end.
  func run(_ arguments: String...) throws -> Outcome {
    try run(arguments)
  }

  /// Starts the program with standard input from memory, or with none.
  func run(
    _ arguments: [String], input: [UInt8]? = nil, output: FileHandle? = nil
  ) throws -> Outcome {
    let name = "\(folder)/.\(UUID().uuidString)"
    if let input { try Data(input).write(to: URL(fileURLWithPath: name + ".in")) }
    let process = try start(
      arguments, log: name,
      input: input == nil ? nil : FileHandle(forReadingFrom: URL(fileURLWithPath: name + ".in")),
      output: output)
    process.waitUntilExit()
    return try outcome(of: process, log: name)
  }

  /// Starts the program with its output in two files beside `log`.
  func start(
    _ arguments: [String], log: String, input: FileHandle? = nil, output: FileHandle? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input ?? FileHandle.nullDevice
    for suffix in [".out", ".err"] { try Data().write(to: URL(fileURLWithPath: log + suffix)) }
    process.standardOutput =
      try output
      ?? FileHandle(
        forWritingTo: URL(fileURLWithPath: log + ".out"))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log + ".err"))
    try process.run()
    return process
  }

  /// Sends what Ctrl-C sends and waits; a program that goes on for a minute is killed.
  func interrupt(_ process: Process, log: String) throws -> Outcome {
    // A program that has hardly started would be ended by the signal itself.
    while process.isRunning, !catchesInterrupts(process) { Thread.sleep(forTimeInterval: 0.01) }
    process.interrupt()
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return try outcome(of: process, log: log)
  }

  private func catchesInterrupts(_ process: Process) -> Bool {
    let path = "/proc/\(process.processIdentifier)/status"
    let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) }
    return (mask ?? 0) >> (SIGINT - 1) & 1 == 1
  }

  private func outcome(of process: Process, log: String) throws -> Outcome {
    #expect(process.terminationReason == .exit, "ended by a signal")
    // Foundation's own reading of text would drop a byte order mark.
    func text(_ suffix: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: log + suffix)), as: UTF8.self)
    }
    return Outcome(
      status: process.terminationStatus, output: try text(".out"), errors: try text(".err"))
  }

  // MARK: - Files in the folder

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  func read(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  /// A JSON object in a file.
  func object(_ name: String) throws -> JSONObject {
    try #require(try JSON.parse(read(name)).objectValue)
  }

  /// The objects of a file with one a line.
  func objects(_ name: String) throws -> [JSONObject] {
    try read(name).split(separator: UInt8(ascii: "\n")).map { line in
      try #require(try JSON.parse(line).objectValue)
    }
  }
}

/// Runs the body with a program in a fresh folder.
func withProgram(_ body: (Program) throws -> Void) throws {
  try withTemporaryDirectory { try body(Program(in: $0)) }
}

// Verifies responses with a user's command.
import Foundation
import Glibc
import StrictJSON

/// A command that reads samples and writes rewards, both as JSONL.
///
/// The command is run once, by `/bin/sh`. Its standard input has one line per sample, `{"id": …,
/// "response": …, "answer": …}` (without `answer` if there is none). Its standard output must have
/// one line per sample, in any order: `{"id": …, "reward": 1}` or `{"id": …, "outcome": "correct"}`
/// with an outcome of `VerificationOutcome`, and optionally `extracted` and `reason`. A reward may be
/// `true` or `false`, 1 or 0. Its standard error is passed through.
///
/// Both are files, so neither side can block the other, and no write can hit a closed pipe. Results
/// are matched by id only, and lines without an id of a sample's form are messages. A sample without a
/// result is an error, since a broken verifier must not look like a policy that is always wrong; it
/// is `overBudget` if the time limit was reached.
public struct ExternalVerifier: Sendable, Hashable {
  /// The command, in the shell's language.
  public let command: String
  /// The longest time without new output before the command is killed. A program that buffers its
  /// output appears to be idle.
  public let timeout: Duration

  static let maximumOutput = 1 << 28

  /// A verifier.
  public init(command: String, timeout: Duration = .seconds(300)) {
    self.command = command
    self.timeout = timeout
  }

  /// The results of all samples, in their order.
  ///
  /// - Parameter shouldStop: polled many times per second; true kills the command and its child
  ///   processes.
  /// - Throws: `CancellationError` when stopped; `TaskFileError` with the line of the output that
  ///   has an unknown or a repeated id or no valid result, when a sample has no result, and when the
  ///   command fails.
  public func verify(
    _ samples: [VerificationSample], shouldStop: () -> Bool = { false }
  ) throws -> [Verification] {
    if samples.isEmpty { return [] }
    let (input, output): (NamelessFile, NamelessFile)
    do {
      (input, output) = (try NamelessFile(), try NamelessFile())
      try Self.write(samples, to: input.writing)
    } catch {
      throw failure(
        "cannot be given the samples (expected room for temporary files)", kind: .machine)
    }
    let isTimedOut = try run(from: input.reading, to: output, shouldStop: shouldStop)
    let bytes: Data
    do {
      try output.reading.seek(toOffset: 0)
      bytes = try output.reading.readToEnd() ?? Data()
    } catch {
      throw failure("its results cannot be read", kind: .machine)
    }
    return try results(of: samples, [UInt8](bytes), isTimedOut: isTimedOut)
  }

  /// A temporary file that cannot stay behind, since it has lost its name.
  private struct NamelessFile {
    let writing: FileHandle
    let reading: FileHandle

    init() throws {
      let place = FileManager.default.temporaryDirectory
        .appendingPathComponent("prerl-verify-\(UUID().uuidString)")
      try Data().write(to: place, options: .withoutOverwriting)
      defer { try? FileManager.default.removeItem(at: place) }
      writing = try FileHandle(forWritingTo: place)
      reading = try FileHandle(forReadingFrom: place)
    }
  }

  // MARK: - The command

  private static func write(
    _ samples: [VerificationSample], to handle: FileHandle
  ) throws {
    var chunk = Data()
    for sample in samples {
      var object: JSONObject = ["id": .string(sample.id), "response": .string(sample.response)]
      object["answer"] = sample.answer.map(JSON.string)
      chunk.append(contentsOf: JSON.object(object).text().utf8)
      chunk.append(UInt8(ascii: "\n"))
      if chunk.count > 1 << 20 {
        try handle.write(contentsOf: chunk)
        chunk.removeAll(keepingCapacity: true)
      }
    }
    try handle.write(contentsOf: chunk)
  }

  /// Runs the command to its end; returns whether it was killed because it had no output for too
  /// long.
  private func run(
    from input: FileHandle, to output: NamelessFile, shouldStop: () -> Bool
  ) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardInput = input
    process.standardOutput = output.writing
    do {
      try process.run()
    } catch {
      throw failure("cannot be started", kind: .machine)
    }
    var size: UInt64 = 0
    var lastChange = ContinuousClock.now
    while process.isRunning {
      if shouldStop() {
        Self.kill(process)
        throw CancellationError()
      }
      let newSize = (try? output.reading.seekToEnd()) ?? size
      if newSize > Self.maximumOutput {
        Self.kill(process)
        throw failure("wrote more than \(Self.maximumOutput) bytes (expected a line a sample)")
      }
      if newSize != size {
        size = newSize
        lastChange = .now
      } else if .now - lastChange > timeout {
        Self.kill(process)
        return true
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
    guard process.terminationReason == .exit else {
      throw failure("ended by signal \(process.terminationStatus) (expected exit status 0)")
    }
    guard process.terminationStatus == 0 else {
      throw failure("exit status \(process.terminationStatus) (expected 0)")
    }
    return false
  }

  /// Ends the command and its child processes: Foundation gives it its own process group.
  private static func kill(_ process: Process) {
    let id = process.processIdentifier
    _ = Glibc.kill(getpgid(id) == id ? -id : id, SIGKILL)
    // A process that cannot be killed (a hanging disk) is not waited for.
    let deadline = ContinuousClock.now + .seconds(5)
    while process.isRunning, .now < deadline { Thread.sleep(forTimeInterval: 0.005) }
  }

  private func failure(
    _ message: String, line: Int? = nil, kind: TaskFileError.Kind = .input
  ) -> TaskFileError {
    TaskFileError(
      message, path: "verifier \(JSON.string(command).summary)", line: line, kind: kind)
  }

  // MARK: - Results

  private func results(
    of samples: [VerificationSample], _ bytes: [UInt8], isTimedOut: Bool
  ) throws(TaskFileError) -> [Verification] {
    // Keys are bytes: `String` would join canonically equal names.
    var places: [[UInt8]: Int] = [:]
    for (index, sample) in samples.enumerated() {
      let earlier = places.updateValue(index, forKey: Array(sample.id.utf8))
      precondition(earlier == nil, "every sample has an id of its own")
    }
    var found = [(line: Int, verification: Verification)?](repeating: nil, count: samples.count)
    var garbage: (line: Int, text: String)?
    var line = 0
    for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      line += 1
      if text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      // A line that is not a result, such as a message, is ignored.
      guard let fields = try? LineFields(line: text), let id = try? fields.name("id") else {
        garbage = garbage ?? (line, String(decoding: text, as: UTF8.self))
        continue
      }
      let name = JSON.string(id).summary
      guard let place = places[Array(id.utf8)] else {
        throw failure("the id \(name) (expected one of the samples')", line: line)
      }
      if let earlier = found[place] {
        throw failure(
          "the id \(name) of line \(earlier.line) again (expected every id once)", line: line)
      }
      do {
        found[place] = (line, try Self.verification(fields))
      } catch {
        throw failure("\(error.message), for the id \(name)", line: line)
      }
    }
    if let missing = found.firstIndex(where: { $0 == nil }), !isTimedOut {
      let name = JSON.string(samples[missing].id).summary
      guard let garbage else {
        throw failure("no result for the id \(name) (expected \(Self.form))")
      }
      throw failure(
        "\(JSON.string(garbage.text).summary) is no result, and the id \(name) has none (expected "
          + "\(Self.form))", line: garbage.line)
    }
    let late = Verification(
      .overBudget, reason: "the verifier was stopped after \(timeout) without output")
    return found.map { $0?.verification ?? late }
  }

  private static let form = #"a line {"id": …, "reward": 1} or {"id": …, "outcome": "correct"}"#

  /// The result in a line.
  private static func verification(_ fields: LineFields) throws(LineFault) -> Verification {
    let reward: Double? =
      if case .bool(let isRight)? = fields["reward"] {
        isRight ? 1 : 0
      } else {
        try fields.number("reward")
      }
    let given = try fields["outcome"].map { value throws(LineFault) in
      let name = try LineFields.string(value, "outcome")
      guard let outcome = VerificationOutcome(rawValue: name) else {
        let names = VerificationOutcome.allCases.map(\.rawValue).joined(separator: ", ")
        throw LineFault("outcome is \(value.summary) (expected one of: \(names))")
      }
      return outcome
    }
    let isRight = reward.map { $0 >= 1 }
    guard let outcome = given ?? isRight.map({ $0 ? .correct : .wrong }) else {
      throw LineFault("neither reward nor outcome (expected one of them)")
    }
    guard isRight ?? (outcome == .correct) == (outcome == .correct) else {
      throw LineFault("reward and outcome contradict each other (expected 1 for correct)")
    }
    let extracted = try fields["extracted"].map { value throws(LineFault) in
      try LineFields.string(value, "extracted")
    }
    let reason = fields["reason"]?.stringValue ?? "by the external verifier"
    return Verification(
      outcome, reward: reward, extracted: extracted,
      reason: reason.split(whereSeparator: \.isNewline).joined(separator: " "))
  }
}

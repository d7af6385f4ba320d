import Foundation
import Glibc
import Testing

/// Every signal that asks for an end keeps what was measured and gives the shell's exit status.
@Suite struct SignalTests {
  /// Waits for the program's handlers, then sends a signal and waits for the end.
  private static func end(_ process: Process, by number: Int32, when isReady: () -> Bool) -> Int32 {
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, !isReady(), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
    kill(process.processIdentifier, number)
    while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "ended by a signal")
    return process.terminationStatus
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU])
  func aRunIsKeptAndTheSignalReported(number: Int32) throws {
    try withProgram { program in
      let process = try program.start(
        ["align", "--samples", "4000", "--threads", "1", "--quiet", "--output", "a.h5"],
        log: program.folder + "/log")
      let journal = program.folder + "/a.h5.journal"
      let status = Self.end(process, by: number) {
        FileManager.default.fileExists(atPath: journal)
      }
      #expect(status == 128 + number)
      #expect(program.exists("a.h5") && program.exists("a.h5.journal"))
      let errors = String(decoding: try program.read("log.err"), as: UTF8.self)
      #expect(errors.hasPrefix("prerl: interrupted after "), "\(errors)")
      for command in [["inspect", "a.h5"], ["export", "a.h5", "--csv", "tables"]] {
        let outcome = try program.run(command)
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("prerl: warning: a.h5 is incomplete"), "\(outcome.errors)")
      }
    }
  }

  /// A file that may not grow ends the run with its journal.
  @Test func theLimitOnFileSizesIsReported() throws {
    try withProgram { program in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "ulimit -f 40; exec '\(program.path)' align --samples 400 --quiet --output a.h5",
      ]
      process.currentDirectoryURL = URL(fileURLWithPath: program.folder)
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == 128 + SIGXFSZ)
      #expect(program.exists("a.h5.rollouts.journal"))
    }
  }

  /// Nothing is lost while a program waits for a pipe, so the first signal ends it.
  @Test(arguments: [SIGINT, SIGTERM, SIGQUIT])
  func theFirstSignalEndsAWaitForAPipe(number: Int32) throws {
    try withProgram { program in
      #expect(mkfifo(program.folder + "/pipe", 0o600) == 0)
      let process = try program.start(
        ["evaluate", "--rollouts", "pipe"], log: program.folder + "/log")
      // Long enough for the program to have come to the pipe.
      let start = Date()
      let status = Self.end(process, by: number) { Date().timeIntervalSince(start) > 2 }
      #expect(status == 128 + number)
    }
  }
}

import Foundation
import Runs
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  static func isDevice(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeCharacterSpecial
  }

  static func error(_ path: String, overwrite: Bool = false) -> OutputError? {
    do {
      try AtomicFile.check(path, overwrite: overwrite)
      return nil
    } catch {
      return error
    }
  }

  @Test func outputsThatCannotBePublishedAreRefusedBeforeTheRun() throws {
    try withTemporaryDirectory { folder in
      #expect(Self.error(folder + "/new.h5") == nil)
      let absent = Self.error(folder + "/absent/new.h5", overwrite: true)
      #expect(absent?.exitStatus == 2)
      #expect(
        absent?.description
          == "\(folder)/absent/new.h5: the folder \(folder)/absent does not exist "
          + "(expected it to be there)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/absent"))

      try AtomicFile.publish("old", to: folder + "/old", overwrite: false)
      #expect(Self.error(folder + "/old")?.message.contains("exists already") == true)
      #expect(Self.error(folder + "/old")?.exitStatus == 2)
      #expect(Self.error(folder + "/old", overwrite: true) == nil)
      #expect(Self.error(folder + "/old/below")?.kind == .usage)
      #expect(Self.error(folder, overwrite: true)?.kind == .usage)
      #expect(Self.error(folder + "/new/", overwrite: true)?.kind == .usage)
      #expect(Self.error("", overwrite: true)?.kind == .usage)
      // Renaming over a device would replace the device.
      #expect(Self.error("/dev/null", overwrite: true)?.message.contains("regular file") == true)
    }
  }

  @Test func anOutputIsNeitherAnInputNorAnotherOutput() throws {
    try withTemporaryDirectory { folder in
      let input = folder + "/in.jsonl"
      try AtomicFile.publish("line", to: input, overwrite: false)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: input)
      try FileManager.default.linkItem(atPath: input, toPath: folder + "/hard")
      func message(_ outputs: [String]) -> String? {
        do {
          try AtomicFile.check(
            outputs.map { folder + "/" + $0 }, inputs: [input], overwrite: true)
          return nil
        } catch {
          return error.message
        }
      }
      for name in ["in.jsonl", "./in.jsonl", "link", "hard"] {
        #expect(message(["out.h5", name])?.hasPrefix("this is an input") == true, "\(name)")
      }
      #expect(message(["out.h5", "./out.h5"])?.hasPrefix("two outputs") == true)
      #expect(message(["out.h5", "summary.json"]) == nil)
    }
  }

  @Test func aFolderHasOneWriterAtATime() throws {
    try withTemporaryDirectory { folder in
      var lock: LockedFolder? = try LockedFolder(folder)
      #expect(throws: OutputError.self) { try LockedFolder(folder) }
      withExtendedLifetime(lock) {}
      lock = nil
      _ = try LockedFolder(folder)
    }
  }

  /// Not for root, who may write anywhere.
  @Test(.enabled(if: geteuid() != 0))
  func folderThatCannotBeWrittenToIsAMachineError() throws {
    try withTemporaryDirectory { folder in
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder)
      defer {
        try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
      }
      #expect(Self.error(folder + "/new")?.exitStatus == 3)
    }
  }

  @Test func publicationReplacesAtOnceAndLeavesNothingElse() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/summary.json"
      // What a killed process left behind.
      try Data([1]).write(to: URL(fileURLWithPath: folder + "/.summary.json.1.partial"))
      try AtomicFile.publish("first", to: path, overwrite: false)
      #expect(throws: OutputError.self) {
        try AtomicFile.publish("second", to: path, overwrite: false)
      }
      try AtomicFile.publish(path, overwrite: true) { temporary in
        #expect(temporary != path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
        try Data("second".utf8).write(to: URL(fileURLWithPath: temporary))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["summary.json"])
    }
  }

  @Test func failureKeepsTheOldFileAndRemovesTheNewOne() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/out"
      try AtomicFile.publish("old", to: path, overwrite: false)
      struct Failure: Error {}
      #expect(throws: Failure.self) {
        try AtomicFile.publish(path, overwrite: true) { temporary in
          try Data("half".utf8).write(to: URL(fileURLWithPath: temporary))
          throw Failure()
        }
      }
      // A writer that forgets to write.
      let error = #expect(throws: OutputError.self) {
        try AtomicFile.publish(path, overwrite: true) { _ in }
      }
      #expect(error?.kind == .machine)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
    }
  }

  @Test func linkToAnOutputStaysALink() throws {
    try withTemporaryDirectory { folder in
      try AtomicFile.publish("old", to: folder + "/target", overwrite: false)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: folder + "/target")
      try AtomicFile.publish("new", to: folder + "/link", overwrite: true)
      #expect(try String(contentsOfFile: folder + "/target", encoding: .utf8) == "new")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link")
          == folder + "/target")
    }
  }

  /// /dev/full gives the system's own error, through all of Foundation's wrapping.
  @Test(.enabled(if: isDevice("/dev/full")))
  func systemErrorsAreOneLineInTheSystemsWords() throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "/dev/full"))
    do {
      try handle.write(contentsOf: Data([1]))
      Issue.record("/dev/full took a byte")
    } catch {
      let failure = OutputError.machine("/dev/full", "cannot write", error)
      #expect(failure.description == "/dev/full: cannot write: No space left on device")
      #expect(failure.exitStatus == 3)
      // A failure that is one already keeps its own words.
      #expect(OutputError.machine("other", "doing", failure) == failure)
    }
  }
}

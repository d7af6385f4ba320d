import Foundation
import Runs
import StrictJSON
import TestSupport
import Testing

@Suite struct JournalTests {
  static let header: JSON = ["config": ["seed": 0, "samples": 400], "model": "abc"]
  static let records: [[UInt8]] = [
    [1, 2, 3], [], (0..<40).map { UInt8($0) }, [0], [UInt8](repeating: 0, count: 12),
  ]

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// A closed journal with all the records; returns where the header and each record end.
  static func make(_ path: String) throws -> [Int] {
    let journal = try Journal(path: path, header: header, mode: .create)
    var ends = [try bytes(path).count]
    for record in records {
      try journal.append(record)
      ends.append(try bytes(path).count)
    }
    try journal.close()
    return ends
  }

  static func contents(_ journal: Journal) throws -> [[UInt8]] {
    try (0..<journal.count).map { try journal.record(at: $0) }
  }

  @Test func recordsAreReadBackInAnyOrderWhileAppending() throws {
    try withTemporaryDirectory { folder in
      let path = Journal.path(for: folder + "/out.h5")
      #expect(path.hasSuffix("/out.h5.journal"))
      let journal = try Journal(path: path, header: Self.header, mode: .create)
      for (index, record) in Self.records.enumerated() {
        try journal.append(record)
        for earlier in (0...index).reversed() {
          #expect(try journal.record(at: earlier) == Self.records[earlier])
        }
      }
      try journal.close()

      let resumed = try Journal(path: path, header: Self.header, mode: .resume)
      #expect(resumed.keptCount == 5 && resumed.count == 5 && resumed.discardedByteCount == 0)
      try resumed.append([9])
      #expect(try Self.contents(resumed) == Self.records + [[9]])
      try resumed.remove()
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func journalCutAtAnyByteKeepsExactlyTheWholeRecords() throws {
    try withTemporaryDirectory { folder in
      let ends = try Self.make(folder + "/whole")
      let bytes = try Self.bytes(folder + "/whole")
      #expect(ends.last == bytes.count)
      for cut in 0...bytes.count {
        let path = folder + "/cut"
        try Self.write(Array(bytes.prefix(cut)), to: path)
        let whole = max(0, ends.filter { $0 <= cut }.count - 1)
        let journal = try Journal(path: path, header: Self.header, mode: .resume)
        #expect(journal.keptCount == whole, "cut at \(cut)")
        #expect(try Self.contents(journal) == Array(Self.records.prefix(whole)))
        if cut >= ends[0] { #expect(journal.discardedByteCount == cut - ends[whole]) }
        try journal.append([7, 7])
        try journal.close()
        let again = try Journal(path: path, header: Self.header, mode: .resume)
        #expect(try Self.contents(again) == Array(Self.records.prefix(whole)) + [[7, 7]])
        try again.close()
      }
    }
  }

  @Test(arguments: [UInt8(0x01), 0x80, 0xff])
  func anyDamagedByteLeavesAPrefixOrIsRefusedUntouched(flip: UInt8) throws {
    try withTemporaryDirectory { folder in
      let ends = try Self.make(folder + "/whole")
      let bytes = try Self.bytes(folder + "/whole")
      for position in bytes.indices {
        let path = folder + "/damaged"
        var damaged = bytes
        damaged[position] ^= flip
        try Self.write(damaged, to: path)
        do {
          let journal = try Journal(path: path, header: Self.header, mode: .resume)
          let whole = ends.filter { $0 <= position }.count - 1
          #expect(position >= ends[0], "a damaged header at \(position) was accepted")
          #expect(journal.keptCount == whole, "damage at \(position)")
          #expect(try Self.contents(journal) == Array(Self.records.prefix(max(0, whole))))
          try journal.close()
        } catch let error as OutputError {
          #expect(position < ends[0] && error.kind == .usage, "\(error)")
          #expect(try Self.bytes(path) == damaged)
        }
      }
    }
  }

  @Test func zerosAfterAPowerLossAreNoRecords() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/zeros"
      _ = try Self.make(path)
      try Self.write(try Self.bytes(path) + [UInt8](repeating: 0, count: 5000), to: path)
      let journal = try Journal(path: path, header: Self.header, mode: .resume)
      #expect(journal.keptCount == 5 && journal.discardedByteCount == 5000)
    }
  }

  @Test func journalOfAnotherRunIsRefusedNamingTheKey() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      _ = try Self.make(path)
      let before = try Self.bytes(path)
      let cases: [(JSON, String)] = [
        (
          ["config": ["seed": 1, "samples": 400], "model": "abc"],
          "config.seed is 0 there (expected 1)"
        ),
        (["config": ["seed": 0], "model": "abc"], "config.samples is 400 there (expected absent)"),
        (
          ["config": ["seed": 0, "samples": 400], "model": "abc", "new": [1]],
          "new is absent there (expected an array of 1)"
        ),
      ]
      for (header, message) in cases {
        let error = #expect(throws: OutputError.self) {
          try Journal(path: path, header: header, mode: .resume)
        }
        #expect(
          error?.description
            == "\(path): this journal belongs to another run, which --overwrite discards: \(message)"
        )
        #expect(error?.exitStatus == 2)
      }
      #expect(try Self.bytes(path) == before)
      // The order of keys does not make another run.
      let reordered: JSON = ["model": "abc", "config": ["samples": 400, "seed": 0]]
      #expect(try Journal(path: path, header: reordered, mode: .resume).keptCount == 5)
    }
  }

  @Test func modesDoWhatTheySay() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      #expect(try Journal(path: path, header: Self.header, mode: .resume).keptCount == 0)
      // A journal without records is nobody's work.
      #expect(try Journal(path: path, header: ["other": 1], mode: .create).count == 0)
      try FileManager.default.removeItem(atPath: path)
      _ = try Self.make(path)
      let error = #expect(throws: OutputError.self) {
        try Journal(path: path, header: Self.header, mode: .create)
      }
      #expect(error?.message.contains("5 records") == true && error?.kind == .usage)
      #expect(try Journal(path: path, header: ["other": 1], mode: .overwrite).count == 0)
      #expect(try Journal(path: path, header: ["other": 1], mode: .resume).count == 0)
    }
  }

  @Test(arguments: [Journal.Mode.create, .resume, .overwrite])
  func fileThatIsNoJournalIsNeverTouched(mode: Journal.Mode) throws {
    try withTemporaryDirectory { folder in
      for text in ["my thesis", "prerl journal 2\n....", "x"] {
        try Self.write(Array(text.utf8), to: folder + "/thesis")
        let error = #expect(throws: OutputError.self) {
          try Journal(path: folder + "/thesis", header: Self.header, mode: mode)
        }
        #expect(error?.kind == .usage)
        #expect(try Self.bytes(folder + "/thesis") == Array(text.utf8))
      }
    }
  }

  @Test func secondWriterIsRefusedUntilTheFirstIsDone() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      let first = try Journal(path: path, header: Self.header, mode: .create)
      try first.append([1])
      for mode in [Journal.Mode.resume, .create, .overwrite] {
        let error = #expect(throws: OutputError.self) {
          try Journal(path: path, header: Self.header, mode: mode)
        }
        #expect(error?.message.hasPrefix("another process is writing") == true)
      }
      #expect(throws: OutputError.self) { try Journal.requireUnused(path) }
      try first.append([2])
      try first.close()
      try Journal.requireUnused(path)
      #expect(try Journal(path: path, header: Self.header, mode: .resume).keptCount == 2)
    }
  }

  /// A program started while the journal is open (a verifier, git) inherits nothing of it.
  @Test func startedProgramsDoNotKeepTheLock() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sleep")
      process.arguments = ["20"]
      do {
        let journal = try Journal(path: path, header: Self.header, mode: .create)
        try journal.append([1])
        try process.run()
      }  // dropped without close
      #expect(process.isRunning)
      #expect(try Journal(path: path, header: Self.header, mode: .resume).keptCount == 1)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  /// The disk fills up after every possible number of bytes of an append.
  @Test func fullDiskIsAMachineErrorAndLosesNoRecord() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      let journal = try Journal(path: path, header: Self.header, mode: .create)
      try journal.append([1, 2])
      for room in 0..<(12 + 5) {
        journal.bytesUntilFull = room
        let error = #expect(throws: OutputError.self) { try journal.append([5, 5, 5, 5, 5]) }
        #expect(error?.exitStatus == 3)
        #expect(error?.message == "cannot append record 1: No space left on device")
        #expect(try Self.contents(journal) == [[1, 2]])
      }
      // Space again: the same journal goes on.
      journal.bytesUntilFull = nil
      try journal.append([3])
      try journal.close()
      let resumed = try Journal(path: path, header: Self.header, mode: .resume)
      #expect(try Self.contents(resumed) == [[1, 2], [3]])
    }
  }

  @Test func dataIsForcedToDiskInBatches() throws {
    try withTemporaryDirectory { folder in
      let journal = try Journal(
        path: folder + "/batched", header: Self.header, mode: .create, syncEvery: 4,
        syncInterval: .seconds(3600))
      let start = journal.syncCount
      for _ in 0..<9 { try journal.append([1]) }
      #expect(journal.syncCount == start + 2)
      try journal.close()
      #expect(journal.syncCount == start + 3)
      let impatient = try Journal(
        path: folder + "/impatient", header: Self.header, mode: .create, syncEvery: 1000,
        syncInterval: .zero)
      let before = impatient.syncCount
      for _ in 0..<3 { try impatient.append([1]) }
      #expect(impatient.syncCount == before + 3)
    }
  }

  @Test func damageWhileOpenIsReportedNotReturned() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/run"
      let journal = try Journal(path: path, header: Self.header, mode: .create)
      try journal.append([1, 2, 3])
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      let end = try handle.seekToEnd()
      try handle.seek(toOffset: end - 1)
      try handle.write(contentsOf: Data([9]))
      let error = #expect(throws: OutputError.self) { try journal.record(at: 0) }
      #expect(error?.kind == .machine)
    }
  }
}

// The append-only journal of a run: results survive kill -9, a full disk and power loss, and the
// finished file is built from the journal.
//
//   "prerl journal 1\n", then frames: length (UInt64), CRC-32 of length and payload (UInt32),
//   payload; all little-endian. Frame 0 is the header, JSON text; the others are the records.
//
// Reading stops at the first incomplete frame, so the kept records are always a prefix of the
// appended ones. Only offsets stay in memory.
import Foundation
import StrictJSON

/// A journal open for appending and for reading back. One process at a time; not for several
/// threads at once.
public final class Journal {
  /// What to do with an existing journal.
  public enum Mode: Sendable {
    /// Refuse it if it has records.
    case create
    /// Continue it if its header is the same; start one if there is none.
    case resume
    /// Discard it.
    case overwrite
  }

  /// The journal that belongs to an output file. It lies beside the file, so that all links to the file
  /// have one journal.
  public static func path(for output: String) -> String {
    (AtomicFile.isLink(output) ? AtomicFile.target(of: output) : output) + ".journal"
  }

  /// The journal's file.
  public let path: String
  /// The number of records when it was opened.
  public private(set) var keptCount = 0
  /// The bytes of incomplete or damaged records that were removed when it was opened.
  public private(set) var discardedByteCount = 0
  /// The number of records.
  public var count: Int { ends.count - 1 }

  private let file: LockedFile
  private var handle: FileHandle { file.handle }
  private var ends: [UInt64]  // of the header's frame, then of each record's
  private let syncEvery: Int
  private let syncInterval: Duration
  private var unsyncedCount = 0
  private var lastSync = ContinuousClock.now

  /// How often data has been flushed to disk.
  package private(set) var syncCount = 0
  /// For tests: the disk is full after this many more bytes.
  package var bytesUntilFull: Int?

  static let magic = Array("prerl journal 1\n".utf8)
  static let frameHeadSize = 12

  /// Opens or starts the journal at `path`.
  ///
  /// - Parameters:
  ///   - header: identifies the run: the resolved configuration, without the settings that may
  ///     change on resuming, and the inputs' hashes. A journal with another header is a usage error
  ///     that names the first key that differs.
  ///   - syncEvery: the number of records after which data is flushed to disk.
  ///   - syncInterval: the time after which the next append does so in any case.
  /// - Throws: usage errors for a journal of another run, one that is in use, or a file that is not
  ///   a journal (which is not changed); machine errors for the rest.
  public init(
    path: String, header: JSON, mode: Mode, syncEvery: Int = 64,
    syncInterval: Duration = .seconds(1)
  ) throws(OutputError) {
    precondition(syncEvery > 0, "syncEvery counts records")
    self.path = path
    self.syncEvery = syncEvery
    self.syncInterval = syncInterval
    file = try LockedFile(path)
    ends = []
    let headerText = Array(header.text().utf8)
    try open(header: headerText, mode: mode)
  }

  /// Refuses a journal that another process is writing.
  public static func requireUnused(_ path: String) throws(OutputError) {
    let file = try LockedFile(path)
    do { try file.close() } catch { throw .machine(path, "cannot close", error) }
  }

  // MARK: - Appending and reading

  /// Appends one record. A machine error leaves the journal as it was before.
  public func append(_ payload: [UInt8]) throws(OutputError) {
    let end = ends[count]
    do {
      try write(Self.frame(payload), at: end)
    } catch {
      // An incomplete record would be removed at the next opening anyway.
      try? handle.truncate(atOffset: end)
      throw .machine(path, "cannot append record \(count)", error)
    }
    ends.append(end + UInt64(Self.frameHeadSize + payload.count))
    unsyncedCount += 1
    if unsyncedCount >= syncEvery || ContinuousClock.now - lastSync >= syncInterval { try sync() }
  }

  /// Reads record `index` back from the file.
  public func record(at index: Int) throws(OutputError) -> [UInt8] {
    precondition((0..<count).contains(index), "the journal has \(count) records")
    let payload: [UInt8]?
    do {
      payload = try frame(at: ends[index], fileEnd: ends[index + 1])
    } catch {
      throw .machine(path, "cannot read record \(index)", error)
    }
    guard let payload else {
      throw OutputError(
        kind: .machine, path: path,
        message: "record \(index) is damaged (its checksum was right when it was written)")
    }
    return payload
  }

  /// Flushes everything appended to disk.
  public func sync() throws(OutputError) {
    do {
      try handle.synchronize()
    } catch {
      throw .machine(path, "cannot force data to the disk", error)
    }
    syncCount += 1
    unsyncedCount = 0
    lastSync = .now
  }

  /// Flushes everything to disk and releases the lock of the journal. No other call may follow.
  public func close() throws(OutputError) {
    try sync()
    do { try file.close() } catch { throw .machine(path, "cannot close", error) }
  }

  /// Deletes and closes the journal, after its records have been published.
  public func remove() throws(OutputError) {
    do {
      // While the lock is held: nobody can be appending.
      try FileManager.default.removeItem(atPath: path)
      try file.close()
    } catch {
      throw .machine(path, "cannot remove", error)
    }
  }

  // MARK: - Opening

  private func open(header: [UInt8], mode: Mode) throws(OutputError) {
    let fileEnd: UInt64
    let isOurs: Bool
    var stored: [UInt8]?
    do {
      fileEnd = try handle.seekToEnd()
      try handle.seek(toOffset: 0)
      let start = [UInt8](try handle.read(upToCount: Self.magic.count) ?? Data())
      isOurs = start.elementsEqual(Self.magic.prefix(start.count))
      if start.count == Self.magic.count, isOurs {
        stored = try frame(at: UInt64(start.count), fileEnd: fileEnd)
      }
    } catch {
      throw .machine(path, "cannot read", error)
    }
    guard isOurs else {
      throw .usage(path, "this is no journal of prerl (expected none, or one to resume)")
    }
    // A file that ends inside the header was cut off while it was created; it held no record.
    let headerEnd = UInt64(Self.magic.count + Self.frameHeadSize + header.count)
    let isTorn = stored == nil && fileEnd < headerEnd
    if mode == .overwrite || isTorn { return try start(header: header) }
    guard let stored else {
      throw .usage(path, "the journal's header is damaged (--overwrite discards it)")
    }
    try scan(from: UInt64(Self.magic.count + Self.frameHeadSize + stored.count), to: fileEnd)
    if mode == .create {
      guard count == 0 else {
        throw .usage(
          path,
          "an unfinished run with \(count) records is here "
            + "(--resume continues it, --overwrite discards it)")
      }
      return try start(header: header)
    }
    if let difference = Self.firstDifference(stored: stored, expected: header) {
      throw .usage(
        path, "this journal belongs to another run, which --overwrite discards: \(difference)")
    }
    keptCount = count
    discardedByteCount = Int(fileEnd - ends[count])
    do {
      if discardedByteCount > 0 { try handle.truncate(atOffset: ends[count]) }
    } catch {
      throw .machine(path, "cannot cut off a torn record", error)
    }
  }

  /// Empties the file and writes the header, on the disk before the first record.
  private func start(header: [UInt8]) throws(OutputError) {
    do {
      try handle.truncate(atOffset: 0)
      try write(Self.magic + Self.frame(header), at: 0)
    } catch {
      throw .machine(path, "cannot write", error)
    }
    ends = [UInt64(Self.magic.count + Self.frameHeadSize + header.count)]
    try sync()
    try AtomicFile.syncFolder(of: path)
  }

  /// Records the ends of all complete frames.
  private func scan(from start: UInt64, to fileEnd: UInt64) throws(OutputError) {
    ends = [start]
    do {
      while let payload = try frame(at: ends[count], fileEnd: fileEnd) {
        ends.append(ends[count] + UInt64(Self.frameHeadSize + payload.count))
      }
    } catch {
      throw .machine(path, "cannot read", error)
    }
  }

  /// The first key that differs between two headers, with both values.
  private static func firstDifference(stored: [UInt8], expected: [UInt8]) -> String? {
    if stored == expected { return nil }
    // Both are parsed from text, so that numbers and NaN are compared as stored.
    guard let a = try? JSON.parse(stored), let b = try? JSON.parse(expected) else {
      return "its header is not JSON"
    }
    return JSONDifference.first(a, b).map {
      "\($0.path) is \($0.first) there (expected \($0.second))"
    }
  }

  // MARK: - Frames

  private static func frame(_ payload: [UInt8]) -> [UInt8] {
    var length = ByteWriter()
    length.write(payload.count)
    var crc = CRC32()
    crc.update(length.bytes.span)
    crc.update(payload.span)
    let checksum = (0..<4).map { UInt8(truncatingIfNeeded: crc.value >> (8 * $0)) }
    return length.bytes + checksum + payload
  }

  /// The payload of the frame at `offset`; nil if there is no complete frame.
  private func frame(at offset: UInt64, fileEnd: UInt64) throws -> [UInt8]? {
    let headSize = UInt64(Self.frameHeadSize)
    guard fileEnd >= offset, fileEnd - offset >= headSize else { return nil }
    try handle.seek(toOffset: offset)
    guard let head = try handle.read(upToCount: Self.frameHeadSize), head.count == headSize else {
      return nil
    }
    func word(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    let length = word(head.prefix(8))
    // Before anything is allocated: a damaged length is longer than the file, or fails the CRC.
    guard length <= fileEnd - offset - headSize else { return nil }
    let payload = [UInt8](try handle.read(upToCount: Int(length)) ?? Data())
    guard payload.count == length else { return nil }
    var crc = CRC32()
    crc.update([UInt8](head.prefix(8)).span)
    crc.update(payload.span)
    return UInt64(crc.value) == word(head.suffix(4)) ? payload : nil
  }

  private func write(_ bytes: [UInt8], at offset: UInt64) throws {
    try handle.seek(toOffset: offset)
    if let room = bytesUntilFull {
      bytesUntilFull = max(0, room - bytes.count)
      if bytes.count > room {
        try handle.write(contentsOf: Data(bytes.prefix(room)))
        throw POSIXError(.ENOSPC)
      }
    }
    try handle.write(contentsOf: Data(bytes))
  }
}

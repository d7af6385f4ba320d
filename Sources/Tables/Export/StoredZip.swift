// A zip archive without compression, written incrementally (PKWARE APPNOTE 6.3).
import Foundation
import Runs

/// The writing side of a zip archive of stored files, up to 4 GiB.
struct StoredZip {
  private struct Entry {
    let name: [UInt8]
    let offset: UInt32
    var checksum: UInt32 = 0
    var size: UInt32 = 0
  }

  private let path: String
  private let file: FileHandle
  private var entries: [Entry] = []
  private var offset: UInt64 = 0

  init(path: String) throws {
    self.path = path
    guard FileManager.default.createFile(atPath: path, contents: nil) else {
      throw OutputError.machine(path, "cannot be written", POSIXError(.EIO))
    }
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  /// Adds a file whose contents come in pieces.
  mutating func add(
    name: String, _ write: (_ put: (borrowing ByteWriter) throws -> Void) throws -> Void
  ) throws {
    var entry = Entry(name: Array(name.utf8), offset: try small(offset))
    let start = offset
    try put(Self.local(entry))
    var checksum = CRC32()
    var size: UInt64 = 0
    let file = file
    try write { piece in
      checksum.update(piece.bytes.span)
      size += UInt64(piece.bytes.count)
      try file.write(contentsOf: Data(piece.bytes))
    }
    offset += size
    entry.checksum = checksum.value
    entry.size = try small(size)
    _ = try small(offset)
    // Now that checksum and size are known, the entry's header is written again.
    try file.seek(toOffset: start)
    try file.write(contentsOf: Data(Self.local(entry).bytes))
    try file.seek(toOffset: offset)
    entries.append(entry)
  }

  /// Writes the central directory and closes the file.
  mutating func finish() throws {
    let start = try small(offset)
    for entry in entries { try put(Self.central(entry)) }
    guard entries.count < 1 << 16 else {
      throw OutputError.usage(path, "\(entries.count) arrays (expected fewer than 65,536)")
    }
    var end = ByteWriter()
    end.put(UInt32(0x0605_4b50))
    end.put(UInt32(0))  // disks
    end.put(UInt16(entries.count))
    end.put(UInt16(entries.count))
    end.put(try small(offset) - start)
    end.put(start)
    end.put(UInt16(0))  // comment
    try put(end)
    try file.synchronize()
    try file.close()
  }

  private mutating func put(_ bytes: borrowing ByteWriter) throws {
    try file.write(contentsOf: Data(bytes.bytes))
    offset += UInt64(bytes.bytes.count)
  }

  private func small(_ value: UInt64) throws -> UInt32 {
    guard let small = UInt32(exactly: value), small < .max else {
      throw OutputError.usage(path, "would exceed 4 GiB (expected fewer groups: --group NAME)")
    }
    return small
  }

  private static func local(_ entry: Entry) -> ByteWriter {
    var bytes = ByteWriter()
    bytes.put(UInt32(0x0403_4b50))
    put(entry, into: &bytes)
    bytes.put(UInt16(0))  // extra field
    bytes.put(entry.name)
    return bytes
  }

  private static func central(_ entry: Entry) -> ByteWriter {
    var bytes = ByteWriter()
    bytes.put(UInt32(0x0201_4b50))
    bytes.put(UInt16(20))  // made by version 2.0
    put(entry, into: &bytes)
    bytes.put([UInt8](repeating: 0, count: 12))  // extra field, comment, disk, attributes
    bytes.put(entry.offset)
    bytes.put(entry.name)
    return bytes
  }

  /// The common part of both headers, from the required version to the length of the name.
  private static func put(_ entry: Entry, into bytes: inout ByteWriter) {
    bytes.put(UInt16(20))  // needs version 2.0
    bytes.put(UInt16(1 << 11))  // the name is UTF-8
    bytes.put(UInt16(0))  // stored
    bytes.put(UInt16(0))  // time: midnight
    bytes.put(UInt16(33))  // date: 1 January 1980, so that equal contents give equal files
    bytes.put(entry.checksum)
    bytes.put(entry.size)  // compressed
    bytes.put(entry.size)
    bytes.put(UInt16(entry.name.count))
  }
}

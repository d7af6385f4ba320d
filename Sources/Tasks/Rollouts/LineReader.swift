// Reads a file line by line, with memory for its longest line only.
import Foundation

/// The lines of a UTF-8 text file, without their `\n`. A byte order mark at the start of the file
/// and blank lines at its end are skipped. A `\r` before `\n` is part of the line; JSON treats it
/// as a space.
struct LineReader {
  /// The bytes read and not yet dropped; `next()` says which of them are the line.
  private(set) var buffer: [UInt8] = []
  /// The number of the line that `next()` returned last, from 1.
  private(set) var line = 0

  private let path: String
  /// Where the bytes come from; nil where all of them are in the buffer.
  private let handle: FileHandle?
  private let chunkSize: Int
  private let maximumLineLength: Int
  private var nextStart = 0
  private var isAtEnd = false

  /// The longest accepted line. A longer one is a binary file or lacks line ends.
  static let defaultMaximumLineLength = 1 << 28

  /// How compressed files begin.
  private static let compressed: [(name: String, mark: [UInt8])] = [
    ("gzip", [0x1F, 0x8B]), ("zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("bzip2", Array("BZh".utf8)),
    ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
  ]

  /// - Parameter contents: the file to read where it is not at `path`, which errors name.
  init(
    path: String, contents: String? = nil, chunkSize: Int = 1 << 20,
    maximumLineLength: Int = LineReader.defaultMaximumLineLength
  ) throws(TaskFileError) {
    self.path = path
    self.chunkSize = chunkSize
    self.maximumLineLength = maximumLineLength
    let contents = contents ?? path
    guard FileManager.default.fileExists(atPath: contents) else {
      throw TaskFileError("no such file (expected a JSONL file)", path: path)
    }
    if (try? FileManager.default.contentsOfDirectory(atPath: contents)) != nil {
      throw TaskFileError("a folder (expected a JSONL file)", path: path)
    }
    guard let handle = FileHandle(forReadingAtPath: contents) else {
      throw TaskFileError("cannot be opened for reading", path: path, kind: .machine)
    }
    self.handle = handle
    try begin()
  }

  /// Reads bytes that are there already; errors name them by `path`.
  init(path: String, bytes: [UInt8]) throws(TaskFileError) {
    self.path = path
    chunkSize = 0
    maximumLineLength = Self.defaultMaximumLineLength
    handle = nil
    buffer = bytes
    isAtEnd = true
    try begin()
  }

  private mutating func begin() throws(TaskFileError) {
    while buffer.count < 3, !isAtEnd { try fill() }
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { nextStart = 3 }
    for (name, mark) in Self.compressed where buffer.starts(with: mark) {
      throw TaskFileError("compressed by \(name) (expected JSONL text: decompress it)", path: path)
    }
  }

  /// The range of the next line in `buffer`, or nil after the last one; valid until the next call.
  mutating func next() throws(TaskFileError) -> Range<Int>? {
    var blankLine: Int?
    while let range = try nextRaw() {
      let isBlank = buffer[range].allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      if !isBlank {
        guard let blankLine else { return range }
        throw TaskFileError(
          "an empty line (expected one JSON object a line)", path: path, line: blankLine)
      }
      blankLine = blankLine ?? line
    }
    return nil
  }

  private mutating func nextRaw() throws(TaskFileError) -> Range<Int>? {
    var scanned = nextStart
    while true {
      if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { nextStart = end + 1 }
        line += 1
        return nextStart..<end
      }
      if isAtEnd {
        guard nextStart < buffer.count else { return nil }
        defer { nextStart = buffer.count }
        line += 1
        return nextStart..<buffer.count
      }
      buffer.removeSubrange(..<nextStart)
      nextStart = 0
      scanned = buffer.count
      guard scanned <= maximumLineLength else {
        throw TaskFileError(
          "a line of more than \(maximumLineLength) bytes (expected one JSON object a line)",
          path: path, line: line + 1)
      }
      try fill()
    }
  }

  private mutating func fill() throws(TaskFileError) {
    do {
      if let data = try handle?.read(upToCount: chunkSize), !data.isEmpty {
        buffer.append(contentsOf: data)
      } else {
        isAtEnd = true
      }
    } catch {
      throw TaskFileError("cannot be read (expected a JSONL file)", path: path, kind: .machine)
    }
  }
}

// The labels of a rollout file, read line by line along with its rollouts.
import Foundation
import StrictJSON
import Tasks

/// Reads one key of every line. Its value is a list with one entry for each thought that the
/// lexicon counts, in order: the name of its kind, or null. A line without the key has no labels.
///
/// The rollout reader reads each line first, so it is known to be an object.
struct LabelReader {
  private let path: String
  private let key: String
  private let kindNames: [String]
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var start = 0
  private var line = 0
  /// The number of lines with labels.
  private(set) var labelledCount = 0

  init(path: String, key: String, kindNames: [String]) throws {
    self.path = path
    self.key = key
    self.kindNames = kindNames
    guard let handle = FileHandle(forReadingAtPath: try InputCopy.path(of: path)) else {
      throw TaskFileError("cannot be opened for reading", path: path, kind: .machine)
    }
    self.handle = handle
  }

  /// The labels of the next line as indices of the lexicon's kinds; nil if it has none.
  mutating func next(thoughtCount: Int) throws -> [Int?]? {
    let bytes = try nextLine()
    line += 1
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let object = try? JSON.parse(bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes).objectValue
    guard let value = object?[key], !value.isNull else { return nil }
    guard let labels = value.arrayValue else {
      throw fault("\(key) is \(value.summary) (expected a list of labels, one a thought)")
    }
    guard labels.count == thoughtCount else {
      throw fault(
        "\(key) has \(labels.count) labels (expected \(thoughtCount), one for each thought that "
          + "the lexicon counts; --spans lists them)")
    }
    labelledCount += 1
    var places: [Int?] = []
    for (index, label) in labels.enumerated() {
      let place = label.stringValue.flatMap(kindNames.firstIndex)
      guard label.isNull || place != nil else {
        throw fault(
          "\(key)[\(index)] is \(label.summary) (expected null or one of: "
            + "\(kindNames.joined(separator: ", ")))")
      }
      places.append(place)
    }
    return places
  }

  private func fault(_ message: String) -> TaskFileError {
    TaskFileError(message, path: path, line: line)
  }

  private mutating func nextLine() throws -> ArraySlice<UInt8> {
    var scanned = start
    while true {
      if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return buffer[start..<end]
      }
      buffer.removeSubrange(..<start)
      start = 0
      scanned = buffer.count
      guard let data = try handle.read(upToCount: 1 << 20), !data.isEmpty else {
        defer { start = buffer.count }
        return buffer[...]
      }
      buffer.append(contentsOf: data)
    }
  }
}

extension Array where Element == String {
  /// The index of a name, compared by bytes.
  fileprivate func firstIndex(_ name: String) -> Int? {
    firstIndex { $0.utf8.elementsEqual(name.utf8) }
  }
}

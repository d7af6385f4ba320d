// Finds added tokens in a text: the leftmost one, and of those that start there the longest.

struct AddedTokenMatcher: Sendable {
  /// The contents and ids by their first byte, longest first.
  private let candidates: [UInt8: [(bytes: [UInt8], id: Int32)]]

  init(_ tokens: [AddedToken]) {
    var candidates: [UInt8: [(bytes: [UInt8], id: Int32)]] = [:]
    for token in tokens {
      let bytes = Array(token.content.utf8)
      guard let first = bytes.first else { continue }
      candidates[first, default: []].append((bytes, token.id))
    }
    self.candidates = candidates.mapValues { $0.sorted { $0.bytes.count > $1.bytes.count } }
  }

  /// The first match at or behind `start`.
  ///
  /// - Complexity: O(bytes) unless tokens share first bytes that are frequent in the text.
  func firstMatch(in bytes: [UInt8], from start: Int) -> (range: Range<Int>, id: Int32)? {
    guard !candidates.isEmpty else { return nil }
    for index in start..<bytes.count {
      guard let tokens = candidates[bytes[index]] else { continue }
      for token in tokens where bytes[index...].starts(with: token.bytes) {
        return (index..<index + token.bytes.count, token.id)
      }
    }
    return nil
  }
}

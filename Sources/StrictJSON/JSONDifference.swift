// Finds where two JSON values differ, for messages about configurations.

/// The first place at which two JSON values are not the same.
package struct JSONDifference: Hashable, Sendable, CustomStringConvertible {
  /// The dotted path of the key, such as "config.seed" or "shards[1]".
  package let path: String
  /// The first value in short, or "absent".
  package let first: String
  /// The second value in short, or "absent".
  package let second: String

  /// "config.seed: 0 and 1".
  package var description: String { "\(path): \(first) and \(second)" }

  /// The first difference, in the order of the first value's keys; nil for equal values. The order
  /// of keys is ignored.
  package static func first(_ a: JSON, _ b: JSON, path: String = "") -> JSONDifference? {
    switch (a, b) {
    case (.object(let a), .object(let b)):
      for key in a.keys + b.keys.filter({ a[$0] == nil }) {
        let place = path.isEmpty ? key : "\(path).\(key)"
        if let difference = first(a[key], b[key], path: place) { return difference }
      }
      return nil
    case (.array(let a), .array(let b)):
      for index in 0..<max(a.count, b.count) {
        // Not `nil`, which could be read as JSON's null.
        let left = index < a.count ? a[index] : JSON?.none
        let right = index < b.count ? b[index] : JSON?.none
        if let difference = first(left, right, path: "\(path)[\(index)]") { return difference }
      }
      return nil
    default:
      return a == b ? nil : JSONDifference(path: path, first: a.summary, second: b.summary)
    }
  }

  private static func first(_ a: JSON?, _ b: JSON?, path: String) -> JSONDifference? {
    if let a, let b { return first(a, b, path: path) }
    return JSONDifference(
      path: path, first: a?.summary ?? "absent", second: b?.summary ?? "absent")
  }
}

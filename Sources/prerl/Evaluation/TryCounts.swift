// The list of `--k`.
import ArgumentParser

/// Numbers of tries, such as `1,8,32`: ascending, each once.
struct TryCounts {
  let values: [Int]

  init(_ values: [Int]) {
    self.values = Set(values).sorted()
  }

  /// Reads an argument; for `transform` of an option.
  static func parse(_ argument: String) throws -> TryCounts {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Int($0) }.filter { 1...1 << 20 ~= $0 }
    guard values.count == parts.count else {
      throw ValidationError("expected integers of at least 1 with commas between, such as 1,8,32")
    }
    return TryCounts(values)
  }
}

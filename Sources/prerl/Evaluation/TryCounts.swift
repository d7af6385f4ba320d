// The list of `--k`.
import ArgumentParser

/// Numbers of tries, such as `1,8,32`: ascending, each once.
struct TryCounts: ExpressibleByArgument {
  let values: [Int]

  init(_ values: [Int]) {
    self.values = Set(values).sorted()
  }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Int($0) }.filter { 1...1 << 20 ~= $0 }
    guard values.count == parts.count else { return nil }
    self.init(values)
  }

  var defaultValueDescription: String {
    values.map(String.init).joined(separator: ",")
  }
}

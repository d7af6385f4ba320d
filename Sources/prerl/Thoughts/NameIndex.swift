// Names and the order in which they were first seen.

/// Gives every name an index; names are compared by bytes.
struct NameIndex {
  /// The names by index.
  private(set) var names: [String] = []
  private var places: [[UInt8]: Int] = [:]

  /// The index of a name; a new name gets the next index.
  mutating func index(of name: String) -> Int {
    let key = Array(name.utf8)
    if let place = places[key] { return place }
    places[key] = names.count
    names.append(name)
    return names.count - 1
  }
}

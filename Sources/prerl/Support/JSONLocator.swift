// The line of a value in a JSON text, for errors about configurations.

/// Finds the place that a path such as `optimizer.beta1` or `stages[2].steps` names.
struct JSONLocator {
  private let bytes: [UInt8]
  private var index = 0

  /// The line, from 1, of the member at `path` in a valid JSON text. If the member is missing, the
  /// line of the innermost object on the path.
  static func line(of path: String, in bytes: [UInt8]) -> Int {
    var locator = JSONLocator(bytes: bytes)
    var steps: [Substring] = []
    for part in path.split(separator: ".") {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      steps += pieces.enumerated().map { $0.offset == 0 ? $0.element : "[" + $0.element }
    }
    let place = locator.place(steps[...])
    return 1 + bytes[..<place].count { $0 == UInt8(ascii: "\n") }
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// The position that the rest of the path leads to from the current value.
  private mutating func place(_ steps: ArraySlice<Substring>) -> Int {
    skipSpace()
    let start = min(index, bytes.count)
    guard let step = steps.first else { return start }
    let isArray = byte == UInt8(ascii: "[")
    guard isArray || byte == UInt8(ascii: "{") else { return start }
    var element = 0
    while byte != nil {
      index += 1  // the bracket or a comma
      skipSpace()
      let member = min(index, bytes.count)
      var isWanted = isArray && step == "[\(element)]"
      if !isArray, byte == UInt8(ascii: "\"") {
        let key = string()
        isWanted = key.elementsEqual(step.utf8)
        skipSpace()
        index += 1  // the colon
      }
      if isWanted { return max(member, steps.count > 1 ? place(steps.dropFirst()) : member) }
      skipValue()
      skipSpace()
      guard byte == UInt8(ascii: ",") else { break }
      element += 1
    }
    return start
  }

  private mutating func skipSpace() {
    while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
  }

  /// Skips a string and returns its bytes between the quotes.
  private mutating func string() -> ArraySlice<UInt8> {
    index += 1
    let start = min(index, bytes.count)
    while let byte, byte != UInt8(ascii: "\"") { index += byte == UInt8(ascii: "\\") ? 2 : 1 }
    let end = min(index, bytes.count)
    index += 1
    return bytes[start..<end]
  }

  private mutating func skipValue() {
    skipSpace()
    var depth = 0
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        _ = string()
        if depth == 0 { return }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return }
        depth -= 1
      case UInt8(ascii: ","): if depth == 0 { return }
      default: break
      }
      index += 1
    }
  }
}

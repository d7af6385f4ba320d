// Integers as Python reads them from JSON: of any size, and without a zero of their own.
import StrictJSON

/// Corrects values for chat templates, which write them as Python does.
enum PythonIntegers {
  /// Corrects a value that was read from bytes, or the member of that name of an object in them.
  ///
  /// - Throws: for an integer that is longer than 64 bits, whose digits a template would write.
  static func corrected(
    _ value: JSON, in bytes: ArraySlice<UInt8>, _ name: String, isMember: Bool = false
  ) throws(LineFault) -> JSON {
    guard mayNeedCorrection(value), let texts = try? JSON.numberTexts(in: bytes) else {
      return value
    }
    return try corrected(value, isMember ? texts.objectValue?[name] ?? .null : texts, name)
  }

  /// Replaces the integer `-0`, which Python reads as 0.
  ///
  /// - Parameter texts: The same value with the texts of its numbers (`JSON.numberTexts`).
  private static func corrected(
    _ value: JSON, _ texts: JSON, _ place: String
  ) throws(LineFault) -> JSON {
    switch (value, texts) {
    case (.real, .string(let text)):
      guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || 0x30...0x39 ~= $0 }) else {
        return value
      }
      guard text == "-0" else {
        throw LineFault(
          "\(place) is \(JSON.string(text).summary) (expected integers of at most 64 bits)")
      }
      return .integer(0)
    case (.array(let elements), .array(let texts)):
      var result: [JSON] = []
      for (index, (element, text)) in zip(elements, texts).enumerated() {
        result.append(try corrected(element, text, "\(place)[\(index)]"))
      }
      return .array(result)
    case (.object(var object), .object(let texts)):
      for (member, text) in zip(object.members, texts.members) {
        object[member.key] = try corrected(member.value, text.value, "\(place).\(member.key)")
      }
      return .object(object)
    default: return value
    }
  }

  /// Whether a value has a number that may be such an integer.
  private static func mayNeedCorrection(_ value: JSON) -> Bool {
    switch value {
    case .real: true
    case .array(let elements): elements.contains(where: mayNeedCorrection)
    case .object(let object): object.members.contains { mayNeedCorrection($0.value) }
    default: false
    }
  }
}

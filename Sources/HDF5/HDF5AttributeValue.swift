// The value of an attribute of any type.

/// The value of an attribute. Smaller numbers are widened; `other` describes what is not readable.
public enum HDF5AttributeValue: Hashable, Sendable, CustomStringConvertible {
  case string(String)
  case strings([String])
  case integer(Int64)
  case integers([Int64])
  case double(Double)
  case doubles([Double])
  case other(String)

  public var description: String {
    switch self {
    case .string(let text): text
    case .strings(let texts): texts.joined(separator: ", ")
    case .integer(let number): "\(number)"
    case .integers(let numbers): numbers.map { "\($0)" }.joined(separator: ", ")
    case .double(let number): "\(number)"
    case .doubles(let numbers): numbers.map { "\($0)" }.joined(separator: ", ")
    case .other(let description): description
    }
  }
}

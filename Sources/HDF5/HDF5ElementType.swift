// The types of element a dataset or an attribute can hold.
import CHDF5

/// The type of one element as stored, independent of its byte order.
public enum HDF5ElementType: Hashable, Sendable, CustomStringConvertible {
  case float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  /// Text of fixed or variable length.
  case string
  /// Anything else, described; it cannot be read as values.
  case other(String)

  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .string: "string"
    case .other(let description): description
    }
  }

  /// Whether arithmetic and plots make sense.
  public var isNumeric: Bool {
    switch self {
    case .string, .other: false
    default: true
    }
  }

  /// Reads the type of an open dataset or attribute.
  init(_ type: hid_t) {
    let size = H5Tget_size(type)
    switch H5Tget_class(type) {
    case H5T_FLOAT:
      self = size == 8 ? .float64 : size == 4 ? .float32 : .other("float\(8 * size)")
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(type) == H5T_SGN_2
      switch size {
      case 1: self = isSigned ? .int8 : .uint8
      case 2: self = isSigned ? .int16 : .uint16
      case 4: self = isSigned ? .int32 : .uint32
      case 8: self = isSigned ? .int64 : .uint64
      default: self = .other("\(isSigned ? "int" : "uint")\(8 * size)")
      }
    case H5T_STRING: self = .string
    case H5T_VLEN: self = .other("variable-length array")
    case H5T_ENUM: self = .other("enumeration")
    case H5T_COMPOUND: self = .other("compound")
    case H5T_REFERENCE: self = .other("reference")
    case H5T_ARRAY: self = .other("array")
    case H5T_OPAQUE: self = .other("opaque")
    default: self = .other("unknown type")
    }
  }

  /// Bytes of one stored element; text is stored as a reference into the file's heap.
  var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    case .string, .other: 16
    }
  }

  /// The library's type for numbers in memory, owned by the library; nil for other types.
  var native: hid_t? {
    switch self {
    case .float32: chdf5_float32()
    case .float64: chdf5_float64()
    case .int8: chdf5_int8()
    case .int16: chdf5_int16()
    case .int32: chdf5_int32()
    case .int64: chdf5_int64()
    case .uint8: chdf5_uint8()
    case .uint16: chdf5_uint16()
    case .uint32: chdf5_uint32()
    case .uint64: chdf5_uint64()
    case .string, .other: nil
    }
  }

  /// Whether `other` holds every value of this type exactly.
  func fits(in other: HDF5ElementType) -> Bool {
    if self == other { return true }
    switch (self, other) {
    case (.float32, .float64): return true
    case (.int8, .int16), (.int8, .int32), (.int8, .int64): return true
    case (.int16, .int32), (.int16, .int64), (.int32, .int64): return true
    case (.uint8, .int16), (.uint8, .int32), (.uint8, .int64): return true
    case (.uint16, .int32), (.uint16, .int64), (.uint32, .int64): return true
    case (.uint8, .uint64), (.uint16, .uint64), (.uint32, .uint64): return true
    case (.int8, .float32), (.int16, .float32), (.uint8, .float32), (.uint16, .float32): return true
    case (.int8, .float64), (.int16, .float64), (.int32, .float64): return true
    case (.uint8, .float64), (.uint16, .float64), (.uint32, .float64): return true
    default: return false
    }
  }
}

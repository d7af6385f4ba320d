// The Swift types that datasets and attributes can hold, and their conversion to C.
import CHDF5

/// A type whose values datasets and attributes can hold. The conformances are complete.
public protocol HDF5Element: Sendable {
  /// The type that values of `Self` are stored as.
  static var elementType: HDF5ElementType { get }
  /// Writes a non-empty block. For this module.
  static func write(_ values: [Self], through transfer: HDF5Transfer) throws(HDF5Error)
  /// Reads a non-empty block of `count` elements. For this module.
  static func read(_ count: Int, through transfer: HDF5Transfer) throws(HDF5Error) -> [Self]
}

extension Double: HDF5Element { public static var elementType: HDF5ElementType { .float64 } }
extension Float: HDF5Element { public static var elementType: HDF5ElementType { .float32 } }
extension Int64: HDF5Element { public static var elementType: HDF5ElementType { .int64 } }
extension Int32: HDF5Element { public static var elementType: HDF5ElementType { .int32 } }
extension UInt64: HDF5Element { public static var elementType: HDF5ElementType { .uint64 } }
extension UInt8: HDF5Element { public static var elementType: HDF5ElementType { .uint8 } }
/// Stored as int64.
extension Int: HDF5Element { public static var elementType: HDF5ElementType { .int64 } }

extension HDF5Element where Self: BitwiseCopyable {
  public static func write(_ values: [Self], through transfer: HDF5Transfer) throws(HDF5Error) {
    let memoryType = try memoryType(transfer.place)
    let code = values.withUnsafeBytes { bytes in
      bytes.baseAddress.map { transfer.write($0, as: memoryType) } ?? 0
    }
    try transfer.place.check(code, "cannot be written")
  }

  public static func read(
    _ count: Int, through transfer: HDF5Transfer
  ) throws(HDF5Error) -> [Self] {
    let memoryType = try memoryType(transfer.place)
    var code: herr_t = 0
    let values = [Self](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      if let base = buffer.baseAddress { code = transfer.read(base, as: memoryType) }
      initializedCount = code < 0 ? 0 : count
    }
    try transfer.place.check(code, "cannot be read")
    return values
  }

  private static func memoryType(_ place: Place) throws(HDF5Error) -> hid_t {
    // A foreign conformance with a false size would write past its buffer.
    guard let native = elementType.native, elementType.size == MemoryLayout<Self>.stride else {
      throw place.error("values of type \(Self.self) are not stored as \(elementType)")
    }
    return native
  }
}

extension String: HDF5Element {
  public static var elementType: HDF5ElementType { .string }

  public static func write(_ values: [String], through transfer: HDF5Transfer) throws(HDF5Error) {
    let place = transfer.place
    // All texts in one buffer, each ended by NUL, and the address of each.
    var bytes: [CChar] = []
    var starts: [Int] = []
    starts.reserveCapacity(values.count)
    for (index, text) in values.enumerated() {
      if text.utf8.contains(0) {
        throw place.error("text \(index) holds NUL, at which HDF5 would cut it")
      }
      starts.append(bytes.count)
      bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
      bytes.append(0)
    }
    let memoryType = try textType(place, characterSet: H5T_CSET_UTF8)
    defer { H5Idec_ref(memoryType) }
    let code = bytes.withUnsafeBufferPointer { bytes in
      let addresses = starts.map { start in bytes.baseAddress.map { $0 + start } }
      return addresses.withUnsafeBytes { addresses in
        addresses.baseAddress.map { transfer.write($0, as: memoryType) } ?? 0
      }
    }
    try place.check(code, "cannot be written")
  }

  public static func read(
    _ count: Int, through transfer: HDF5Transfer
  ) throws(HDF5Error) -> [String] {
    let isVariable = try transfer.place.check(H5Tis_variable_str(transfer.type), "cannot be read")
    return isVariable > 0
      ? try readVariable(count, transfer) : try readFixed(count, transfer)
  }

  /// A new text type of variable length.
  static func textType(
    _ place: Place, characterSet: H5T_cset_t
  ) throws(HDF5Error) -> hid_t {
    let type = try place.check(H5Tcopy(chdf5_c_string()), "has no text type")
    do throws(HDF5Error) {
      try place.check(H5Tset_size(type, chdf5_variable()), "has no text type")
      try place.check(H5Tset_cset(type, characterSet), "has no text type")
    } catch {
      H5Idec_ref(type)
      throw error
    }
    return type
  }

  private static func readVariable(
    _ count: Int, _ transfer: HDF5Transfer
  ) throws(HDF5Error) -> [String] {
    let place = transfer.place
    // libhdf5 converts no character sets: memory follows the file, and UTF-8 is checked below.
    let memoryType = try textType(place, characterSet: H5Tget_cset(transfer.type))
    defer { H5Idec_ref(memoryType) }
    var texts = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    let code = texts.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { transfer.read($0, as: memoryType) } ?? 0
    }
    try place.check(code, "cannot be read")
    defer {
      _ = texts.withUnsafeMutableBytes { chdf5_reclaim(memoryType, transfer.space, $0.baseAddress) }
    }
    var strings: [String] = []
    strings.reserveCapacity(count)
    for (index, text) in texts.enumerated() {
      guard let text else {  // an empty text is stored as no text
        strings.append("")
        continue
      }
      guard let string = String(validatingCString: text) else {
        throw place.error("text \(index) is not UTF-8")
      }
      strings.append(string)
    }
    return strings
  }

  private static func readFixed(
    _ count: Int, _ transfer: HDF5Transfer
  ) throws(HDF5Error) -> [String] {
    let place = transfer.place
    let width = H5Tget_size(transfer.type)
    let (byteCount, overflow) = width.multipliedReportingOverflow(by: count)
    guard width > 0, !overflow else { throw place.error("cannot be read (texts without width)") }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let code = bytes.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { transfer.read($0, as: transfer.type) } ?? 0
    }
    try place.check(code, "cannot be read")
    let isSpacePadded = H5Tget_strpad(transfer.type) == H5T_STR_SPACEPAD
    var strings: [String] = []
    strings.reserveCapacity(count)
    for index in 0..<count {
      var field = bytes[index * width..<(index + 1) * width].prefix { $0 != 0 }
      if isSpacePadded { while field.last == UInt8(ascii: " ") { field.removeLast() } }
      guard let string = String(validating: field, as: UTF8.self) else {
        throw place.error("text \(index) is not UTF-8")
      }
      strings.append(string)
    }
    return strings
  }
}

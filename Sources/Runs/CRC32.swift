// CRC-32 (ISO 3309, as in zlib and PNG): detects incomplete or damaged journal records.

/// A running CRC-32; the value of no bytes is 0.
package struct CRC32: Sendable {
  private var register: UInt32 = .max

  /// The CRC of no bytes.
  package init() {}

  /// The CRC of everything added so far.
  package var value: UInt32 { ~register }

  /// Adds bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    let table = Self.table.span
    var register = register
    for index in bytes.indices {
      register = table[Int((register ^ UInt32(bytes[index])) & 0xff)] ^ register >> 8
    }
    self.register = register
  }

  /// The register after each byte, for the reflected polynomial 0xEDB88320.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xedb8_8320 : word >> 1 }
  }
}

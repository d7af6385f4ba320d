// A size of memory as users write it.
import ArgumentParser

/// `8GiB`, `500MB`, `1.5GiB`: a number and a unit, powers of 1024 or of 1000.
struct MemorySize {
  let byteCount: Int

  private static let units: [(name: String, bytes: Double)] = [
    ("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10),
    ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("KB", 1e3),
  ]

  init(_ argument: String) throws(ValidationError) {
    let text = argument.lowercased()
    guard let unit = Self.units.first(where: { text.hasSuffix($0.name.lowercased()) }),
      let number = Double(text.dropLast(unit.name.count)), number > 0,
      number * unit.bytes < 0x1p60
    else {
      throw ValidationError("expected a number and a unit, such as 8GiB or 500MB")
    }
    byteCount = Int(number * unit.bytes)
  }
}

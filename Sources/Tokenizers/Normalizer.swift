// The normalization form NFC as Hugging Face's tokenizers have it.

/// Canonical decomposition, canonical order, canonical composition (Unicode Standard Annex 15).
enum Normalizer {
  /// The form NFC of the bytes of a `String`.
  ///
  /// - Complexity: O(n log n) in the longest run of combining marks, O(n) in the rest.
  static func nfc(_ text: [UInt8]) -> [UInt8] {
    // Below U+0300, whose first byte is CC, every text is its own normal form.
    guard text.contains(where: { $0 >= 0xCC }) else { return text }
    let table = CompositionTable.shared
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count)
    // The text that may still change: a starter and all scalars that may combine with it.
    var cluster: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      let scalar = text.scalar(at: index)
      if table.isBoundary(scalar) {
        append(cluster, table, &normalized)
        cluster.removeAll(keepingCapacity: true)
      }
      cluster.append(scalar)
      index += UTF8.width(scalar)
    }
    append(cluster, table, &normalized)
    return normalized
  }

  private static func append(
    _ cluster: [Unicode.Scalar], _ table: CompositionTable, _ normalized: inout [UInt8]
  ) {
    if cluster.count == 1, table.isInert(cluster[0]) {
      normalized.append(contentsOf: UTF8.encode(cluster[0]) ?? .init())
      return
    }
    var scalars: [Unicode.Scalar] = []
    for scalar in cluster { table.decompose(scalar, into: &scalars) }
    for scalar in composed(ordered(scalars, table), table) {
      normalized.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
  }

  /// Sorts each run of marks by their combining classes; equal ones keep their order.
  private static func ordered(
    _ scalars: [Unicode.Scalar], _ table: CompositionTable
  ) -> [(scalar: Unicode.Scalar, combiningClass: UInt8)] {
    var marks = scalars.map { (scalar: $0, combiningClass: table.combiningClass($0)) }
    var start = 0
    while start < marks.count {
      guard marks[start].combiningClass != 0 else {
        start += 1
        continue
      }
      let end = marks[start...].firstIndex { $0.combiningClass == 0 } ?? marks.count
      if end - start > 1 {
        let sorted = marks[start..<end].enumerated().sorted {
          ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
        }
        marks.replaceSubrange(start..<end, with: sorted.lazy.map(\.element))
      }
      start = end
    }
    return marks
  }

  /// Joins every scalar with the last one of class 0, unless another of its class or of class 0
  /// stands between them.
  private static func composed(
    _ marks: [(scalar: Unicode.Scalar, combiningClass: UInt8)], _ table: CompositionTable
  ) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(marks.count)
    var starter: Int?
    /// The class of the scalar before; -1 if that is the starter itself.
    var previousClass = -1
    for (scalar, combiningClass) in marks {
      if let starter, previousClass < Int(combiningClass),
        let composite = table.composition(scalars[starter], scalar)
      {
        scalars[starter] = composite
        continue
      }
      if combiningClass == 0 {
        starter = scalars.count
        previousClass = -1
      } else {
        previousClass = Int(combiningClass)
      }
      scalars.append(scalar)
    }
    return scalars
  }
}

// Two HDF5 files compared: which quantities differ, and by how much.
import HDF5
import StrictJSON

/// The differences between the datasets of two files.
public struct FileDifference: Sendable {
  /// One dataset that is not the same in both.
  public struct Quantity: Sendable, Hashable {
    /// The dataset's path, without the leading slash.
    public let path: String
    public let kind: Kind

    package init(path: String, kind: Kind) {
      self.path = path
      self.kind = kind
    }

    public enum Kind: Sendable, Hashable {
      case onlyInFirst
      case onlyInSecond
      /// Shapes or types that cannot be compared, as text.
      case layout(first: String, second: String)
      /// Values; the deviations are NaN for texts.
      case values(count: Int, total: Int, maximumAbsolute: Double, maximumRelative: Double)
    }
  }

  /// An attribute that is not the same in both; nil where it is missing.
  public struct Attribute: Sendable, Hashable {
    /// `path@name`, or `@name` for those of the file.
    public let path: String
    public let first: String?
    public let second: String?
  }

  /// In the order of the first file.
  public private(set) var quantities: [Quantity] = []
  public private(set) var attributes: [Attribute] = []
  /// The datasets that both files have.
  public private(set) var comparedCount = 0

  /// Whether all datasets agree; attributes are provenance and are ignored.
  public var isEmpty: Bool { quantities.isEmpty }

  /// Compares two files dataset by dataset, in blocks.
  ///
  /// - Parameter tolerance: Values a, b agree where |a − b| <= tolerance · max(|a|, |b|), or both
  ///   are NaN; 0 asks for equal numbers.
  /// - Throws: `HDF5Error` for a file that cannot be read.
  public init(_ first: String, _ second: String, tolerance: Double = 0) throws {
    let a = try HDF5File.open(first).root
    let b = try HDF5File.open(second).root
    let members = try (a.descendants(), b.descendants())
    let kinds = Dictionary(
      members.1.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
    // A dataset with several names is compared under the first.
    struct Pair: Hashable { let first, second: HDF5Identity }
    var seen = Set<Pair>()
    try compareAttributes(a.attributes, b.attributes, at: "")
    for member in members.0 {
      guard kinds[member.name] == member.kind else {
        if member.kind != .group { add(member.name, .onlyInFirst) }
        continue
      }
      switch member.kind {
      case .group:
        try compareAttributes(
          a.group(member.name).attributes, b.group(member.name).attributes, at: member.name)
      case .dataset:
        let (own, other) = try (a.dataset(member.name), b.dataset(member.name))
        let pair = try Pair(first: own.identity, second: other.identity)
        guard seen.insert(pair).inserted else { continue }
        comparedCount += 1
        if let kind = try Self.compare(own, other, tolerance) { add(member.name, kind) }
        try compareAttributes(own.attributes, other.attributes, at: member.name)
      case .namedType: break  // datasets of the type have it themselves
      case .brokenLink:
        let what = "a link that leads nowhere"
        add(member.name, .layout(first: what, second: what))
      }
    }
    let names = Dictionary(
      members.0.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
    for member in members.1 where member.kind != .group && names[member.name] != member.kind {
      add(member.name, .onlyInSecond)
    }
  }

  private mutating func add(_ path: String, _ kind: Quantity.Kind) {
    quantities.append(Quantity(path: path, kind: kind))
  }

  // MARK: - Datasets

  private static func compare(
    _ a: HDF5Dataset, _ b: HDF5Dataset, _ tolerance: Double
  ) throws -> Quantity.Kind? {
    let (type, otherType) = try (a.elementType, b.elementType)
    let (shape, otherShape) = try (a.shape, b.shape)
    guard type == otherType, shape == otherShape else {
      return .layout(first: "\(type) \(shape)", second: "\(otherType) \(otherShape)")
    }
    var deviation = Deviation(tolerance: tolerance)
    try a.forEachRowBlock { rows in
      switch type {
      case .string:
        deviation.add(try a.read(String.self, rows: rows), try b.read(String.self, rows: rows))
      case .float32, .float64:
        deviation.add(try a.read(Double.self, rows: rows), try b.read(Double.self, rows: rows))
      case .uint64:
        deviation.add(try a.read(UInt64.self, rows: rows), try b.read(UInt64.self, rows: rows))
      case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32:
        deviation.add(try a.read(Int64.self, rows: rows), try b.read(Int64.self, rows: rows))
      case .other: deviation.isReadable = false
      }
    }
    if !deviation.isReadable {
      return .layout(first: "\(type), which is not compared", second: "\(otherType)")
    }
    guard deviation.count > 0 else { return nil }
    return .values(
      count: deviation.count, total: deviation.total,
      maximumAbsolute: deviation.isNumeric ? deviation.absolute : .nan,
      maximumRelative: deviation.isNumeric ? deviation.relative : .nan)
  }

  /// What has been seen of one dataset.
  private struct Deviation {
    let tolerance: Double
    var count = 0
    var total = 0
    var absolute = 0.0
    var relative = 0.0
    var isNumeric = true
    var isReadable = true

    init(tolerance: Double) { self.tolerance = tolerance }

    mutating func add(_ a: [Double], _ b: [Double]) {
      total += a.count
      for (a, b) in zip(a, b) where a != b && !(a.isNaN && b.isNaN) { note(a, b) }
    }

    mutating func add<Integer: BinaryInteger>(_ a: [Integer], _ b: [Integer]) {
      total += a.count
      for (a, b) in zip(a, b) where a != b { note(Double(a), Double(b)) }
    }

    /// Texts are compared by bytes: String's == is canonical equivalence.
    mutating func add(_ a: [String], _ b: [String]) {
      isNumeric = false
      total += a.count
      count += zip(a, b).count { !$0.utf8.elementsEqual($1.utf8) }
    }

    private mutating func note(_ a: Double, _ b: Double) {
      // NaN or infinity against a number has no distance.
      let distance = a.isFinite && b.isFinite ? abs(a - b) : .infinity
      let share = distance.isFinite ? distance / max(abs(a), abs(b)) : .infinity
      if share <= tolerance { return }
      count += 1
      absolute = max(absolute, distance)
      // Integers beyond 2⁵³ may differ by less than a double resolves.
      relative = max(relative, share.isNaN ? 0 : share)
    }
  }

  // MARK: - Attributes

  private mutating func compareAttributes(
    _ a: HDF5Attributes, _ b: HDF5Attributes, at path: String
  ) throws {
    // References between datasets are addresses in one file.
    let names = try (a.names(), b.names())
    for name in names.0 + names.1.filter({ !names.0.contains($0) })
    where !["DIMENSION_LIST", "REFERENCE_LIST"].contains(name) {
      let first = names.0.contains(name) ? try a.value(name) : nil
      let second = names.1.contains(name) ? try b.value(name) : nil
      if first != second {
        attributes.append(
          Attribute(
            path: "\(path)@\(name)", first: first?.description, second: second?.description))
      }
    }
  }
}

extension FileDifference {
  /// `equal`, `compared`, and one object per dataset and per attribute that differs.
  public var json: JSON {
    [
      "equal": .bool(isEmpty), "compared": .integer(comparedCount),
      "datasets": .array(quantities.map(\.json)),
      "attributes": .array(
        attributes.map { attribute in
          [
            "path": .string(attribute.path), "first": attribute.first.map(JSON.string) ?? .null,
            "second": attribute.second.map(JSON.string) ?? .null,
          ]
        }),
    ]
  }
}

extension FileDifference.Quantity {
  fileprivate var json: JSON {
    switch kind {
    case .onlyInFirst: ["path": .string(path), "only_in": "first"]
    case .onlyInSecond: ["path": .string(path), "only_in": "second"]
    case .layout(let first, let second):
      ["path": .string(path), "first": .string(first), "second": .string(second)]
    case .values(let count, let total, let absolute, let relative):
      [
        "path": .string(path), "differing": .integer(count), "total": .integer(total),
        "max_absolute": .real(absolute), "max_relative": .real(relative),
      ]
    }
  }
}

// The statistics of a run as a tree: `/summary` of the result file and summary.json have one shape.
import HDF5
import StrictJSON
import Tables

extension AlignmentSummary {
  /// summary.json: `key`, and where a statistic has an interval `key_low` and `key_high`; dots of a
  /// key lead into nested objects. What is NaN is null.
  public func json(_ plan: AlignmentPlan) -> JSON { SummaryTree(self, plan).json }

  /// The number of rollouts.
  public var rolloutCount: Int {
    statistics.first { $0.key == "n" }.map { Int($0.interval.estimate) } ?? 0
  }
}

/// Each statistic with its place.
struct SummaryTree {
  private let statistics: [(path: [String], name: String, value: SummaryStatistic)]
  /// Numbered groups and what they stand for.
  private let columns: [(path: [String], column: ControlColumn)]

  init(_ summary: AlignmentSummary, _ plan: AlignmentPlan) {
    let named = plan.controlColumns.enumerated().map { place, column in
      let path = AlignmentFile.path(ofColumn: place, plan).split(separator: "/").map(String.init)
      return (prefix: Array("controls.\(column.label).".utf8), path: ["controls"] + path, column)
    }
    statistics = summary.statistics.map { statistic in
      let key = Array(statistic.key.utf8)
      // A label is the user's text and may hold dots and slashes: it becomes a number. The longest
      // one counts, as one may begin another.
      let owner = named.filter { key.starts(with: $0.prefix) }
        .max { $0.prefix.count < $1.prefix.count }
      if let owner {
        let name = String(decoding: key.dropFirst(owner.prefix.count), as: UTF8.self)
        return (owner.path, name, statistic)
      }
      let parts = statistic.key.split(separator: ".").map(String.init)
      return (Array(parts.dropLast()), parts.last ?? statistic.key, statistic)
    }
    columns = named.compactMap { _, path, column in column.name.isEmpty ? nil : (path, column) }
  }

  // MARK: - HDF5

  func write(_ group: HDF5Group) throws {
    for (path, name, statistic) in statistics {
      let target = try Self.group(group, path)
      let interval = statistic.interval
      if Self.isCount(name) {
        try target.scalar(name, Int(interval.estimate), longName: storable(statistic.longName))
        continue
      }
      let units = name.hasPrefix("logp_") ? "nat" : "1"
      func scalar(_ suffix: String, _ value: Double, _ end: String) throws {
        try target.scalar(
          name + suffix, value, units: units, longName: storable(statistic.longName + end))
      }
      try scalar("", interval.estimate, "")
      guard statistic.hasInterval else { continue }
      try scalar("_low", interval.low, ", lower end")
      try scalar("_high", interval.high, ", upper end")
    }
    for (path, column) in columns {
      let attributes = try Self.group(group, path).attributes
      try attributes.set("name", to: storable(column.name))
      try attributes.set("title", to: storable(column.title))
    }
  }

  private static func group(_ group: HDF5Group, _ path: [String]) throws -> HDF5Group {
    if path.isEmpty { return group }
    let path = path.joined(separator: "/")
    return try group.contains(path) ? group.group(path) : group.createGroup(path)
  }

  /// Numbers of rollouts.
  private static func isCount(_ name: String) -> Bool {
    name == "n" || name.hasSuffix("_undefined")
  }

  // MARK: - JSON

  var json: JSON {
    var root = JSONObject()
    for (path, column) in columns {
      Self.insert("name", .string(column.name), path[...], &root)
      Self.insert("title", .string(column.title), path[...], &root)
    }
    for (path, name, statistic) in statistics {
      let interval = statistic.interval
      func insert(_ suffix: String, _ value: JSON) {
        Self.insert(name + suffix, value, path[...], &root)
      }
      if Self.isCount(name) {
        insert("", .integer(Int(interval.estimate)))
        continue
      }
      insert("", .real(interval.estimate))
      guard statistic.hasInterval else { continue }
      insert("_low", .real(interval.low))
      insert("_high", .real(interval.high))
    }
    // The main result first.
    var sorted = JSONObject()
    for (key, value) in root.members where key != "controls" { sorted[key] = value }
    if let controls = root["controls"] { sorted["controls"] = controls }
    return .object(sorted)
  }

  private static func insert(
    _ name: String, _ value: JSON, _ path: ArraySlice<String>, _ object: inout JSONObject
  ) {
    guard let first = path.first else {
      object[name] = value
      return
    }
    var child = object[first]?.objectValue ?? JSONObject()
    insert(name, value, path.dropFirst(), &child)
    object[first] = .object(child)
  }
}

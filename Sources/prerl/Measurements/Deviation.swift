// One row of the self-check.
import StrictJSON

/// The largest deviation that a check found, and its limit.
struct Deviation {
  let check: String
  let precision: String
  /// Relative to the scale that the check names; NaN fails.
  let largest: Double
  let limit: Double
  /// The position of the largest deviation, or the extent of the check.
  let place: String

  var isWithin: Bool { largest <= limit }

  var json: JSON {
    [
      "check": .string(check), "precision": .string(precision), "deviation": .real(largest),
      "limit": .real(limit), "place": .string(place), "ok": .bool(isWithin),
    ]
  }
}

/// Tracks the largest of many deviations; NaN counts as infinite.
struct LargestDeviation {
  private(set) var value = 0.0
  private(set) var place = ""

  mutating func add(_ deviation: Double, _ place: () -> String) {
    let size = deviation.isNaN ? .infinity : abs(deviation)
    if size > value || self.place.isEmpty {
      value = max(size, value)
      self.place = place()
    }
  }
}

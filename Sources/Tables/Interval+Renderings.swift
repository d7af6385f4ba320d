// An interval in every format: three numbers with fixed names, or a text.
import Statistics
import StrictJSON

extension Interval {
  /// The three numbers of an interval as variables: suffix of the name, addition to the long name.
  public static let parts:
    [(suffix: String, words: String, path: KeyPath<Interval, Double> & Sendable)] = [
      ("", "", \.estimate), ("_low", ", lower end", \.low), ("_high", ", upper end", \.high),
    ]

  /// Whether the interval has ends, as opposed to an estimate alone.
  public var hasEnds: Bool { !(low.isNaN && high.isNaN) }

  /// `{"mean", "low", "high"}`; null for undefined numbers and for infinite ends.
  ///
  /// - Parameters:
  ///   - key: the name of the estimate; `mean` in the contract's files.
  ///   - more: members after the three.
  public func json(_ key: String = "mean", _ more: KeyValuePairs<String, JSON> = [:]) -> JSON {
    var object: JSONObject = [:]
    object[key] = .real(estimate)
    object["low"] = .real(low)
    object["high"] = .real(high)
    for (name, value) in more { object[name] = value }
    return .object(object)
  }

  /// `name`, and with ends `name_low` and `name_high`.
  ///
  /// - Parameter ends: whether the ends are given; nil where the interval has them.
  public func members(_ name: String, ends: Bool? = nil) -> [(key: String, value: JSON)] {
    Self.parts.prefix(ends ?? hasEnds ? 3 : 1).map {
      (name + $0.suffix, .real(self[keyPath: $0.path]))
    }
  }

  /// The two ends with this many decimals; a dash if there are none.
  public func ends(_ decimals: Int) -> String {
    ends { fixed($0, decimals) }
  }

  /// The two ends with this many significant digits; a dash if there are none.
  public func significantEnds(_ digits: Int) -> String {
    ends { significant($0, digits) }
  }

  /// The two ends as a text makes them of numbers; a dash if there are none.
  public func ends(_ text: (Double) -> String) -> String {
    low.isNaN ? "-" : isUnbounded ? "unbounded" : "\(text(low)) .. \(text(high))"
  }
}

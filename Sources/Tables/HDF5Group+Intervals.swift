// Statistics with intervals, and texts, as HDF5 takes them.
import HDF5
import Statistics

extension HDF5Group {
  /// A statistic with the two ends of its interval: `name`, `name_low`, `name_high`.
  package func intervals(
    _ name: String, _ intervals: [Interval], over scales: [String], units: String = "1",
    longName: String
  ) throws {
    for (suffix, words, end) in [
      ("", "", \Interval.estimate), ("_low", ", lower end", \Interval.low),
      ("_high", ", upper end", \Interval.high),
    ] {
      try variable(
        name + suffix, intervals.map { $0[keyPath: end] }, over: scales, units: units,
        longName: longName + words)
    }
  }
}

/// HDF5 ends a text at NUL.
package func storable(_ text: String) -> String {
  text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
}

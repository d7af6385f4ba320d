// The values of a variable.
import Statistics

/// All values of one variable, the last axis fastest.
public enum Cells: Sendable {
  case reals([Double])
  case integers([Int])
  /// Token ids and the like, 4 bytes each in files.
  case smallIntegers([Int32])
  case texts([String])
  /// Written as three variables: `name`, `name_low`, `name_high`.
  case intervals([Interval])
}

// Numbers that are not finite: no result is computed from them.

/// A weight, a log-probability or a gradient that is NaN or infinite.
public struct NonFiniteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is not finite: a tensor with its file, or a rollout.
  public let what: String

  public init(_ what: String) {
    self.what = what
  }

  public var description: String { "\(what) is not finite (expected finite numbers)" }
}

// The precision of a run's arithmetic.

/// The type of a model's scalars during a run: every operation, and the per-token values it records.
public enum Precision: String, Sendable, CaseIterable {
  /// `Float`; published products and norms are summed in `Double` all the same.
  case float32
  /// `Double` throughout, for checks.
  case float64
}

// The precision of a run's arithmetic.

/// The type of a model's scalars during a run: every operation, and the per-token values it records.
public enum Precision: String, Sendable, CaseIterable {
  /// `Float`. Published products and norms are summed in `Double`.
  case float32
  /// `Double` throughout, for checks.
  case float64
}

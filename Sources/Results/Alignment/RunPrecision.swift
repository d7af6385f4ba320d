// The precision of a run's arithmetic, which its per-token values keep in the result file.

/// The type of a model's scalars during a run.
public enum RunPrecision: String, Sendable, CaseIterable {
  case float32
  case float64
}

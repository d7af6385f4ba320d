// How a run treats what is at its output already.

/// Whether a run starts, starts again or continues.
public enum RunStart: Sendable {
  /// Refuses results and journals that are there.
  case afresh
  /// Replaces them.
  case overwriting
  /// Goes on with an interrupted run of the same configuration; begins where there is none.
  case resuming
}

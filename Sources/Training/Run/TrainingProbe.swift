// Measurements along a run that this module does not know how to make.
import ModelCore
import StrictJSON
import Tables

/// Measures a policy every `measureUpdatesEvery` steps, before the first step too. Its lines go to
/// `update.jsonl`, their group into `/update` of the result file.
///
/// Learning and measuring do not know each other: who builds a run brings them together.
public protocol TrainingProbe {
  /// The line of a step, with the member `step`. It must depend on the model and the step alone, so
  /// that a run in several goes has the lines of a whole one.
  ///
  /// - Parameter shouldStop: Asked now and then, by any thread.
  /// - Returns: nil if it was stopped.
  func measure(
    _ model: Transformer<Float>, step: Int, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> JSONObject?

  /// The group of all lines of a run, as they are read back from the file.
  func group(_ lines: [JSONObject]) -> VariableGroup
}

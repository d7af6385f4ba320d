// A checkpoint to go on from.
import Foundation
import ModelCore
import Runs
import StrictJSON

/// A folder of `CheckpointStore` and what its state says.
struct SavedCheckpoint {
  static let optimizer = "optimizer.safetensors"
  static let critic = "critic"
  static let state = "training_state.json"

  let path: String
  let step: Int
  private let state: JSONObject

  /// Reads the state; it must be that of the step, and every file must have its checksum.
  init(_ path: String, step: Int) throws(OutputError) {
    self.path = path
    self.step = step
    try CheckpointChecksums.check(path)
    guard let bytes = FileKind.contents(ofFile: path + "/" + Self.state),
      let state = try? JSON.parse([UInt8](bytes)).objectValue, state["step"]?.intValue == step
    else {
      throw OutputError.usage(
        "\(path)/\(Self.state)",
        "is no state of step \(step) (expected what a checkpoint of this run holds)")
    }
    self.state = state
  }

  /// A number of the state that is not negative.
  func count(_ key: String) throws -> Int {
    guard let value = state[key]?.intValue, value >= 0 else {
      throw OutputError.usage(
        "\(path)/\(Self.state)", "\(key): is no count (expected an integer of at least 0)")
    }
    return value
  }

  /// The saved model, which must have the run's configuration.
  func model(like configuration: ModelConfiguration) throws -> Transformer<Float> {
    let model = try Transformer<Float>(directory: path)
    guard model.configuration == configuration else {
      throw OutputError.usage(
        "\(path)/config.json", "is another model than the run's (expected the same shape)")
    }
    return model
  }

  /// Where a run with a critic has it.
  var criticFolder: String { "\(path)/\(Self.critic)" }

  /// Hands over the path of the optimizer's state.
  func withOptimizer(_ load: (String) throws -> Void) throws {
    do {
      try load(path + "/" + Self.optimizer)
    } catch let error as OptimizerError {
      throw OutputError.usage(error.path, error.message)
    }
  }
}

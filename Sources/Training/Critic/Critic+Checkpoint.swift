// A critic in a checkpoint's folder.
import Foundation
import ModelCore
import Runs
import Safetensors

extension Critic {
  private static let optimizer = "optimizer.safetensors"
  private static let headOptimizer = "head_optimizer.safetensors"

  /// Writes a Hugging Face folder: the trunk as a language model with the value head under TRL's names, and
  /// the optimizers' moments.
  func save(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try trunk.save(directory: folder, valueHead: head)
    try optimizer.save(to: "\(folder)/\(Self.optimizer)")
    try headOptimizer.save(to: "\(folder)/\(Self.headOptimizer)")
  }

  /// Takes the place of a saved critic. A trunk that is the policy's is left as it is.
  ///
  /// - Throws: `OutputError` for a folder that holds no critic of this run.
  func restore(from folder: String) throws {
    do {
      let saved = try Transformer<Float>(directory: folder)
      guard saved.configuration == trunk.configuration else {
        throw OutputError.usage(
          "\(folder)/config.json", "is another model than the run's (expected the same shape)")
      }
      let savedHead = try ScalarHead<Float>(directory: folder, hiddenSize: head.hiddenSize)
      if settings.trunk == .separate {
        saved.withParameters { source in trunk.withParameters { $0.copy(from: source) } }
      }
      savedHead.withParameters { source in head.withParameters { $0.copy(from: source) } }
      try loadOptimizers(
        trunk: "\(folder)/\(Self.optimizer)", head: "\(folder)/\(Self.headOptimizer)")
    } catch let error as OptimizerError {
      throw OutputError.usage(error.path, error.message)
    }
  }
}

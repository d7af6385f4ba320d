// The checkpoints of a run: folders that are there as a whole or not at all.
import Foundation
import ModelCore
import Runs
import Safetensors
import StrictJSON

/// `step-N/` folders; the newest ones are kept.
struct CheckpointStore {
  let folder: String
  /// How many are kept.
  let keep: Int
  /// Writes the tokenizer's files into a folder.
  let writeTokenizer: (String) throws -> Void

  init(folder: String, keep: Int, writeTokenizer: @escaping (String) throws -> Void) {
    self.folder = folder
    self.keep = keep
    self.writeTokenizer = writeTokenizer
  }

  private static let prefix = "step-"
  private static let partial = ".partial"

  /// Where the checkpoint of a step is.
  func path(_ step: Int) -> String { "\(folder)/\(Self.prefix)\(step)" }

  /// The steps that have a checkpoint, ascending.
  var steps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix(Self.prefix) }
      .compactMap { Int($0.dropFirst(Self.prefix.count)) }.sorted()
  }

  /// The newest checkpoint that is not damaged; nil where there is none.
  ///
  /// - Parameter report: gets the fault of a damaged one in whose place an older one is used.
  /// - Throws: a usage error where all are damaged; it is about the newest.
  func newest(reporting report: (OutputError) -> Void) throws -> SavedCheckpoint? {
    var fault: OutputError?
    for step in steps.reversed() {
      do throws(OutputError) {
        let checkpoint = try SavedCheckpoint(path(step), step: step)
        if let fault { report(.usage(fault.path, "\(fault.message); going on from step \(step)")) }
        return checkpoint
      } catch {
        guard error.kind == .usage else { throw error }
        fault = fault ?? error
      }
    }
    if let fault { throw fault }
    return nil
  }

  /// Writes the checkpoint of a step: a Hugging Face folder with the tokenizer, `optimizer.safetensors`,
  /// `training_state.json`, which holds `step` and `state`, and the checksums of all of them.
  ///
  /// - Parameter saveCritic: Writes the folder `critic`; nil where there is none.
  func publish(
    step: Int, model: Transformer<Float>, state: JSONObject,
    saveOptimizer: (String) throws -> Void, saveCritic: ((String) throws -> Void)? = nil
  ) throws {
    var state = state
    state["step"] = .integer(step)
    try publish(step: step) { path in
      try model.save(directory: path)
      try writeTokenizer(path)
      try saveOptimizer(path + "/" + SavedCheckpoint.optimizer)
      try saveCritic?(path + "/" + SavedCheckpoint.critic)
      try AtomicFile.publish(
        JSON.object(state).text() + "\n", to: path + "/" + SavedCheckpoint.state,
        overwrite: true)
      try CheckpointChecksums.write(of: path)
    }
  }

  /// Has `write` fill a folder under a temporary name, gives it its name, and removes the oldest.
  private func publish(step: Int, write: (String) throws -> Void) throws {
    let files = FileManager.default
    let temporary = "\(folder)/.\(Self.prefix)\(step)\(Self.partial)"
    defer { try? files.removeItem(atPath: temporary) }  // is there only after a failure
    do {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for name in try files.contentsOfDirectory(atPath: folder) where name.hasSuffix(Self.partial) {
        try files.removeItem(atPath: "\(folder)/\(name)")  // of a run that was killed
      }
      try files.createDirectory(atPath: temporary, withIntermediateDirectories: false)
      try write(temporary)
      for name in try files.subpathsOfDirectory(atPath: temporary) {
        try sync("\(temporary)/\(name)")
      }
      try sync(temporary)
      if files.fileExists(atPath: path(step)) { try files.removeItem(atPath: path(step)) }
      try files.moveItem(atPath: temporary, toPath: path(step))
      try sync(folder)
      for old in steps.dropLast(keep) { try files.removeItem(atPath: path(old)) }
    } catch let error as OutputError {
      throw error
    } catch let error as SafetensorsError {
      throw OutputError.machine(error.path, "\(error.problem)")
    } catch {
      throw OutputError.machine(path(step), "cannot write the checkpoint", error)
    }
  }

  private func sync(_ path: String) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.synchronize()
  }
}

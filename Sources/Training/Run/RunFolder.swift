// The folder of one training run: manifest, metrics, summary, checkpoint.
import Foundation
import Runs
import StrictJSON

/// `manifest.json`, `metrics.jsonl`, `summary.json` and `checkpoint/` of a run; reinforcement learning
/// adds `evaluation.jsonl`, `timing.jsonl`, `training.h5` and, if asked, `update.jsonl`, and has
/// `checkpoints/` instead.
package struct RunFolder {
  package let path: String
  package var checkpoint: String { path + "/checkpoint" }
  package var checkpoints: String { path + "/checkpoints" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var evaluationPath: String { path + "/evaluation.jsonl" }
  /// Update rules' vectors along the run, where they were asked for.
  package var updatesPath: String { path + "/update.jsonl" }
  /// Wall-clock times, kept apart so that all other files depend on nothing but the inputs.
  package var timingPath: String { path + "/timing.jsonl" }
  package var resultPath: String { path + "/training.h5" }
  private var manifestPath: String { path + "/manifest.json" }
  private var summaryPath: String { path + "/summary.json" }
  /// Held as long as the run.
  private let lock: LockedFolder

  /// Makes the folder, and for the default place the folders above it.
  ///
  /// A folder with anything in it needs `overwrite`, which takes away the results of an earlier run
  /// and leaves other files alone, or `resume`, which takes nothing away.
  package init(given: String?, name: String, overwrite: Bool, resume: Bool = false) throws {
    let files = FileManager.default
    path = given ?? "results/runs/\(name)"
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if path.isEmpty {
      throw OutputError.usage("--output", "the path is empty (expected a folder)")
    }
    if given != nil, FileKind(parent) != .folder {
      throw OutputError.usage(
        path, "the folder \(parent) does not exist (expected it to be there)")
    }
    switch FileKind(path) {
    case .absent: break
    case .folder:
      let contents = (try? files.contentsOfDirectory(atPath: path)) ?? []
      guard contents.isEmpty || overwrite || resume else {
        throw OutputError.usage(
          path, "the folder is not empty (--resume goes on with its run, --overwrite replaces it)")
      }
    case .file, .other:
      throw OutputError.usage(path, "this is a file (expected a folder, or nothing)")
    }
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: given == nil)
    } catch  where FileKind(path) != .folder {
      throw OutputError.machine(path, "cannot make the folder", error)
    } catch {}  // it was there
    lock = try LockedFolder(path)
    if resume { return }
    // The summary goes first: it is what says that a run is complete.
    let results = [
      summaryPath, manifestPath, metricsPath, evaluationPath, updatesPath, timingPath, resultPath,
      checkpoint, checkpoints,
    ]
    for file in results {
      guard files.fileExists(atPath: file) else { continue }
      do {
        try files.removeItem(atPath: file)
      } catch {
        throw OutputError.machine(file, "cannot remove", error)
      }
    }
  }

  package func write(_ manifest: Manifest) throws(OutputError) {
    try AtomicFile.publish(
      manifest.json.text(indent: 2) + "\n", to: manifestPath, overwrite: true)
  }

  package func write(summary: JSON) throws(OutputError) {
    try AtomicFile.publish(summary.text(indent: 2) + "\n", to: summaryPath, overwrite: true)
  }

  /// Makes the checkpoint's folder.
  package func makeCheckpointFolder() throws(OutputError) {
    do {
      try FileManager.default.createDirectory(
        atPath: checkpoint, withIntermediateDirectories: true)
    } catch {
      throw .machine(checkpoint, "cannot make the folder", error)
    }
  }

  /// What the folder's earlier run says of its end; nil where there is no earlier run, empty where it
  /// has not ended. A run of another configuration or another model is refused.
  package func summaryOfSameRun(_ manifest: Manifest) throws -> JSONObject? {
    func object(_ path: String) -> JSONObject? {
      guard let data = FileManager.default.contents(atPath: path) else { return nil }
      return try? JSON.parse([UInt8](data)).objectValue
    }
    // As read from text, so that numbers compare as they are stored.
    guard let earlier = object(manifestPath),
      let own = try JSON.parse(Array(manifest.json.text().utf8)).objectValue
    else { return nil }
    if let difference = JSONDifference.first(earlier["config"] ?? [:], own["config"] ?? [:]) {
      throw OutputError.usage(
        path,
        "was made with \(difference.path) \(difference.first) (expected "
          + "\(difference.second) of the configuration to resume)")
    }
    func inputs(_ manifest: JSONObject) -> [JSONObject] {
      (manifest["inputs"]?.arrayValue ?? []).compactMap(\.objectValue)
    }
    func hashes(_ role: String, _ manifest: JSONObject) -> [JSON?] {
      inputs(manifest).filter { $0["role"]?.stringValue == role }.map { $0["sha256"] }
    }
    guard hashes("model", earlier) == hashes("model", own) else {
      throw OutputError.usage(
        path, "was made with another model (expected the same --model to resume)")
    }
    guard hashes("problems", earlier) == hashes("problems", own) else {
      throw OutputError.usage(
        path, "was made with other problems (expected the same files to resume)")
    }
    return object(summaryPath) ?? [:]
  }

  /// Refuses to go on to a step that lies behind the newest checkpoint.
  package func checkSteps(_ steps: Int, after step: Int) throws {
    guard step <= steps else {
      throw OutputError.usage(
        path, "has gone on to step \(step) (expected --steps of at least that to resume)")
    }
  }
}

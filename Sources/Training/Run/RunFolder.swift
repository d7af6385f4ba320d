// The folder of one training run: manifest, metrics, summary, checkpoint.
import Foundation
import Runs
import StrictJSON

/// `manifest.json`, `metrics.jsonl`, `summary.json` and `checkpoint/` of a run; reinforcement learning
/// adds `evaluation.jsonl`, `timing.jsonl`, `training.h5` and, if asked, `update.jsonl`, and has
/// `checkpoints/` instead.
public struct RunFolder {
  let path: String
  var checkpoint: String { path + "/checkpoint" }
  var checkpoints: String { path + "/checkpoints" }
  var metricsPath: String { path + "/metrics.jsonl" }
  var evaluationPath: String { path + "/evaluation.jsonl" }
  /// Update rules' vectors along the run, where they were asked for.
  var updatesPath: String { path + "/update.jsonl" }
  /// Wall-clock times, kept apart so that all other files depend on nothing but the inputs.
  var timingPath: String { path + "/timing.jsonl" }
  var resultPath: String { path + "/training.h5" }
  private var manifestPath: String { path + "/manifest.json" }
  private var summaryPath: String { path + "/summary.json" }
  /// Held as long as the run.
  private let lock: LockedFolder

  /// Checks that a run can have the folder, without touching anything: a program calls it before it
  /// reads large inputs.
  ///
  /// - Throws: `OutputError` for a path that is empty or a file, that has no folder above it, or, when
  ///   the run begins `afresh`, for a folder with anything in it.
  public static func check(_ path: String, _ start: RunStart) throws(OutputError) {
    if path.isEmpty { throw .usage("output", "the path is empty (expected a folder)") }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if FileKind(parent) != .folder {
      throw .usage(path, "the folder \(parent) does not exist (expected it to be there)")
    }
    switch FileKind(path) {
    case .absent: break
    case .folder:
      let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      guard contents.isEmpty || start != .afresh else {
        throw .usage(
          path, "the folder is not empty (--resume goes on with its run, --overwrite replaces it)")
      }
    case .file, .other:
      throw .usage(path, "this is a file (expected a folder, or nothing)")
    }
  }

  /// Makes the folder where it is absent, and locks it.
  ///
  /// `overwriting` takes away the results of an earlier run and leaves other files alone; `resuming`
  /// takes nothing away.
  init(_ path: String, _ start: RunStart) throws(OutputError) {
    try Self.check(path, start)
    self.path = path
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch  where FileKind(path) != .folder {
      throw .machine(path, "cannot make the folder", error)
    } catch {}  // it was there
    lock = try LockedFolder(path)
    if start == .resuming { return }
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
        throw .machine(file, "cannot remove", error)
      }
    }
  }

  func write(_ manifest: Manifest) throws(OutputError) {
    try AtomicFile.publish(
      manifest.json.text(indent: 2) + "\n", to: manifestPath, overwrite: true)
  }

  func write(summary: JSON) throws(OutputError) {
    try AtomicFile.publish(summary.text(indent: 2) + "\n", to: summaryPath, overwrite: true)
  }

  /// Takes away the summary, which says that the run is complete.
  func removeSummary() throws(OutputError) {
    do {
      try FileManager.default.removeItem(atPath: summaryPath)
    } catch {
      throw .machine(summaryPath, "cannot remove", error)
    }
  }

  /// Makes the checkpoint's folder.
  func makeCheckpointFolder() throws(OutputError) {
    do {
      try FileManager.default.createDirectory(
        atPath: checkpoint, withIntermediateDirectories: true)
    } catch {
      throw .machine(checkpoint, "cannot make the folder", error)
    }
  }

  /// What the folder's earlier run says of its end; nil where there is no earlier run, empty where it
  /// has not ended. A run of another configuration or another model is refused.
  ///
  /// - Parameter longer: Whether this run may have more steps than the earlier one.
  func summaryOfSameRun(_ manifest: Manifest, orLonger longer: Bool = false) throws -> JSONObject? {
    func object(_ path: String) -> JSONObject? {
      guard let data = FileKind.contents(ofFile: path) else { return nil }
      return try? JSON.parse([UInt8](data)).objectValue
    }
    // As read from text, so that numbers compare as they are stored.
    guard let earlier = object(manifestPath),
      let own = try JSON.parse(Array(manifest.json.text().utf8)).objectValue
    else { return nil }
    var earlierConfig = earlier["config"]?.objectValue ?? [:]
    let ownConfig = own["config"]?.objectValue ?? [:]
    if longer, let steps = earlierConfig["steps"]?.intValue,
      let ownSteps = ownConfig["steps"]?.intValue, steps < ownSteps
    {
      earlierConfig["steps"] = .integer(ownSteps)
    }
    if let difference = JSONDifference.first(.object(earlierConfig), .object(ownConfig)) {
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
    let roles = (inputs(earlier) + inputs(own)).compactMap { $0["role"]?.stringValue }
    for role in roles where hashes(role, earlier) != hashes(role, own) {
      let what = role == "problems" ? "other problems" : "another \(role)"
      throw OutputError.usage(
        path,
        "was made with \(what) (expected the same \(role == "model" ? "--model" : "files") to resume)"
      )
    }
    return object(summaryPath) ?? [:]
  }

  /// Refuses to go on to a step that lies behind the newest checkpoint.
  func checkSteps(_ steps: Int, after step: Int) throws {
    guard step <= steps else {
      throw OutputError.usage(
        path, "has gone on to step \(step) (expected --steps of at least that to resume)")
    }
  }
}

// The folder of one training run: manifest, metrics, summary, checkpoint.
import Foundation
import Results
import StrictJSON

/// `manifest.json`, `metrics.jsonl`, `summary.json` and `checkpoint/` of a run.
struct RunFolder {
  let path: String
  var checkpoint: String { path + "/checkpoint" }
  private var manifestPath: String { path + "/manifest.json" }
  private var metricsPath: String { path + "/metrics.jsonl" }
  private var summaryPath: String { path + "/summary.json" }

  /// Makes the folder, and for the default place the folders above it.
  ///
  /// A folder with anything in it needs `overwrite`, which takes away the results of an earlier run
  /// and leaves other files alone.
  init(given: String?, name: String, overwrite: Bool) throws {
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
      guard contents.isEmpty || overwrite else {
        throw OutputError.usage(path, "the folder is not empty (--overwrite replaces its run)")
      }
    case .file, .other:
      throw OutputError.usage(path, "this is a file (expected a folder, or nothing)")
    }
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: given == nil)
    } catch  where FileKind(path) != .folder {
      throw OutputError.machine(path, "cannot make the folder", error)
    } catch {}  // it was there
    // The summary goes first: it is what says that a run is complete.
    for file in [summaryPath, manifestPath, metricsPath, checkpoint] {
      guard files.fileExists(atPath: file) else { continue }
      do {
        try files.removeItem(atPath: file)
      } catch {
        throw OutputError.machine(file, "cannot remove", error)
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

  /// Opens the metrics for appending, one line a step.
  func openMetrics() throws(OutputError) -> LineFile {
    try LineFile(metricsPath)
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
}

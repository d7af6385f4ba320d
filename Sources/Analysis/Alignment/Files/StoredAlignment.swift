// What an alignment result stores to reproduce it.
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tasks

/// The inputs and settings stored in a complete alignment file.
public struct StoredAlignment {
  /// With token ids, in the order of the file.
  public let rollouts: [Rollout]
  /// The resolved configuration of the run.
  public let configuration: JSONObject
  /// The options of the run.
  public let options: AlignmentOptions
  public let precision: Precision
  /// The number of rollouts whose full gradients the file has.
  public let dumpedGradients: Int
  /// Hashes of the model's files by their last path component.
  public let modelHashes: [String: String]
  /// The version, BLAS and kernels it was made with, which may explain different bits.
  public let origin: [(name: String, text: String)]

  /// - Throws: `OutputError` for a file that is incomplete or one part of several.
  public init(_ path: String) throws {
    let part = try AlignmentPart(path)
    guard part.isComplete else {
      throw OutputError.usage(path, "is incomplete (expected a finished run; --resume ends one)")
    }
    guard part.samples.count == part.total else {
      throw OutputError.usage(
        path,
        "is a part of a run, \(part.samples.count) of \(part.total) rollouts (expected the "
          + "whole; prerl merge joins parts)")
    }
    func json(_ name: String) throws -> JSON {
      guard let text = part.attributes.first(where: { $0.name == name })?.text,
        let json = try? JSON.parse(text)
      else { throw OutputError.usage(path, "the attribute \(name) is damaged (expected JSON)") }
      return json
    }
    rollouts = part.rollouts
    guard let object = try json("config").objectValue else {
      throw OutputError.usage(path, "the attribute config is damaged (expected an object)")
    }
    configuration = object
    options = part.options
    precision = part.precision
    dumpedGradients = object["dump_gradients"]?.intValue ?? 0
    var hashes: [String: String] = [:]
    for input in try json("inputs").arrayValue ?? [] {
      guard input.objectValue?["role"]?.stringValue == "model",
        let file = input.objectValue?["path"]?.stringValue,
        let hash = input.objectValue?["sha256"]?.stringValue
      else { continue }
      hashes[file.split(separator: "/").last.map(String.init) ?? file] = hash
    }
    modelHashes = hashes
    origin = part.attributes.filter {
      ["version", "git_commit", "blas_core", "cpu"].contains($0.name)
    }
  }
}

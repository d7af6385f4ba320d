// Writes rollouts to a JSONL file that appears complete or not at all.
import Foundation
import StrictJSON

/// The writing side of `RolloutReader`.
public enum RolloutWriter {
  /// Writes one line per rollout, with every field that is known. The text is built in memory,
  /// written to a temporary file in the same folder, flushed to disk and renamed, so an older file
  /// is unchanged until the new one is complete.
  ///
  /// A folder that does not exist is an error, and so is a target that is not a regular file, since
  /// a rename would replace a device such as `/dev/null`. A symbolic link is kept and its target is
  /// replaced.
  public static func write(
    _ rollouts: some Sequence<Rollout>, to path: String
  ) throws(TaskFileError) {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let files = FileManager.default
    let folder = target.deletingLastPathComponent().path
    guard files.fileExists(atPath: folder) else {
      throw TaskFileError("cannot be written (expected the folder \(folder))", path: path)
    }
    if files.fileExists(atPath: target.path) {
      let attributes = try? files.attributesOfItem(atPath: target.path)
      guard attributes?[.type] as? FileAttributeType == .typeRegular else {
        throw TaskFileError("cannot be written (expected a regular file)", path: path)
      }
    }
    var data = Data()
    for rollout in rollouts {
      data.append(contentsOf: rollout.json.text().utf8)
      data.append(UInt8(ascii: "\n"))
    }
    do {
      try data.write(to: target, options: .atomic)
    } catch {
      throw TaskFileError(
        "cannot be written (expected room and the right to)", path: path, kind: .machine)
    }
  }
}

extension Rollout {
  /// The line of a rollout file.
  var json: JSON {
    var object: JSONObject = [
      "id": .string(id), "problem_id": .string(problemID), "cluster": .string(cluster),
    ]
    object["prompt"] = prompt.map(JSON.string)
    object["prompt_ids"] = .array(promptTokens.map { .integer(Int($0)) })
    object["response"] = response.map(JSON.string)
    object["response_ids"] = .array(responseTokens.map { .integer(Int($0)) })
    object["reward"] = reward.map(JSON.real)
    object["answer"] = answer.map(JSON.string)
    return .object(object)
  }
}

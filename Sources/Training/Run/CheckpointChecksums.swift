// The checksums of a checkpoint's files: weights with a flipped bit look like others.
import Foundation
import Runs
import StrictJSON

/// `checksums.json` in a checkpoint's folder: the SHA-256 of every other file, those in its folders
/// included.
enum CheckpointChecksums {
  private static let name = "checksums.json"

  static func write(of folder: String) throws {
    var hashes: JSONObject = [:]
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    where FileKind("\(folder)/\(file)") != .folder {
      hashes[file] = .string(try SHA256.ofFile("\(folder)/\(file)").hash)
    }
    try AtomicFile.publish(
      JSON.object(hashes).text(indent: 2) + "\n", to: "\(folder)/\(name)", overwrite: true)
  }

  /// Refuses a folder with a file that is missing or has another checksum. Checkpoints of versions
  /// without checksums pass.
  static func check(_ folder: String) throws(OutputError) {
    let list = "\(folder)/\(name)"
    guard FileKind(list) != .absent else { return }
    guard let bytes = FileKind.contents(ofFile: list),
      let hashes = try? JSON.parse([UInt8](bytes)).objectValue
    else {
      throw .usage(list, "damaged (expected the checksums of the checkpoint's files)")
    }
    for (file, hash) in hashes.members {
      let path = "\(folder)/\(file)"
      let found = try SHA256.ofFile(path).hash
      guard found == hash.stringValue else {
        throw .usage(
          path,
          "damaged: its SHA-256 is \(found.prefix(12))… (expected "
            + "\(hash.stringValue?.prefix(12) ?? "none")… of \(name))")
      }
    }
  }
}

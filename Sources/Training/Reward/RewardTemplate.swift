// How a prompt and a response in text become the tokens that a reward model reads.
import Foundation
import ModelCore
import Runs
import StrictJSON

/// The order and the marks of a prompt and a response. Token ids need none: they are read as they stand,
/// the prompt's and then the response's.
public enum RewardTemplate: String, Sendable, CaseIterable {
  /// The prompt as a language model of the same folder sees it (text after its start token, messages
  /// through the chat template), then the response. No end token is added.
  case joined
  /// DialogRPT's (Gao et al., 2009.06978): every turn of the prompt without the space around it and with
  /// the end token behind it, then the response without the space around it.
  case dialogue

  /// The file that says it in a reward model's folder: `{"template": "dialogue"}`.
  private static let file = "reward.json"

  /// The template of a folder: that of its `reward.json`. Without that file it is `dialogue` for GPT-2,
  /// whose published reward models are DialogRPT, and `joined` for other families.
  ///
  /// - Throws: `CheckpointError` for a malformed file.
  public init(directory: String, family: ModelConfiguration.Family) throws(CheckpointError) {
    let path = "\(directory)/\(Self.file)"
    guard FileKind(path) != .absent else {
      self = family == .gpt2 ? .dialogue : .joined
      return
    }
    do {
      guard let bytes = FileKind.contents(ofFile: path) else {
        throw CheckpointError(path: path, message: "cannot be read (expected a template)")
      }
      var reader = try JSONReader(JSON.parse([UInt8](bytes)))
      self = try reader.choice("template")
      try reader.finish()
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(path: path, message: "\(error)")
    }
  }

  /// Writes the file into a reward model's folder.
  public func save(directory: String) throws(OutputError) {
    let json: JSON = ["template": .string(rawValue)]
    try AtomicFile.publish(json.text() + "\n", to: "\(directory)/\(Self.file)", overwrite: true)
  }
}

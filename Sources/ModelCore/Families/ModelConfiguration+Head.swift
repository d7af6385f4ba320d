// What stands on top of a model's last layer, as config.json says it.
import StrictJSON

extension ModelConfiguration {
  /// The output of a model.
  public enum Head: Sendable, Hashable {
    /// Logits over the vocabulary: a language model.
    case vocabulary
    /// One number for a sequence: transformers' `…ForSequenceClassification` with one label. The model
    /// has no matrix of logits.
    case reward
  }

  /// Whether there is a matrix of logits beside the embedding.
  var hasOwnVocabularyMatrix: Bool { head == .vocabulary && !tiedEmbeddings }
}

extension ModelConfiguration.Head {
  /// How transformers names the classes of the models whose output is a number for each label.
  private static let suffix = "ForSequenceClassification"

  /// Reads `architectures`; a model without it is a language model.
  init(reading reader: inout JSONReader) {
    let architectures = reader.object["architectures"]?.arrayValue ?? []
    self =
      architectures.contains { $0.stringValue?.hasSuffix(Self.suffix) == true }
      ? .reward : .vocabulary
  }

  /// Refuses a classifier of several labels.
  ///
  /// transformers writes the number of labels as the members of `id2label` and `label2id`; older files
  /// have `num_labels`. Where all of them are absent the tensor's shape decides.
  static func requireOneLabel(_ reader: inout JSONReader) throws(JSONValueError) {
    for key in ["id2label", "label2id"] {
      guard let value = reader.object[key], !value.isNull else { continue }
      guard let labels = value.objectValue else {
        throw reader.unsupported(key, expected: "an object with one label")
      }
      guard labels.count == 1 else {
        throw JSONValueError(
          path: key, message: "\(labels.count) labels are not supported (expected 1: a reward)")
      }
    }
    guard let value = reader.object["num_labels"], !value.isNull else { return }
    guard value.intValue == 1 else {
      throw reader.unsupported("num_labels", expected: "1: a reward")
    }
  }

  /// The members of config.json that name the output, in place of those of the language model.
  ///
  /// - Parameter architecture: The language model's class, such as `Qwen2ForCausalLM`.
  func members(_ architecture: String) -> JSONObject {
    switch self {
    case .vocabulary:
      return ["architectures": [.string(architecture)]]
    case .reward:
      let endings = ["ForCausalLM", "LMHeadModel"]
      let ending = endings.first { architecture.hasSuffix($0) } ?? ""
      // Gemma3ForSequenceClassification is the class of models that see images.
      let stem = architecture.dropLast(ending.count)
      return [
        "architectures": [.string(stem + (stem == "Gemma3" ? "Text" : "") + Self.suffix)],
        "id2label": ["0": "LABEL_0"], "label2id": ["LABEL_0": 0],
      ]
    }
  }
}

// The tokenizer class that transformers takes for a folder.

/// What `AutoTokenizer` of transformers 5 makes of a folder with a byte-level `tokenizer.json`.
///
/// Most classes read the file as it is. Some take only vocabulary, merges and post-processor from it and
/// split text in their own way, whatever the file says; two of them are known here.
enum TokenizerClass: String, Sendable {
  /// Every class that reads the file as it is.
  case file = "TokenizersBackend"
  case qwen2 = "Qwen2Tokenizer"
  case gpt2 = "GPT2Tokenizer"
  /// One that splits text in a way of its own that is not known here.
  case unknown

  /// - Parameters:
  ///   - declared: `tokenizer_class`, of `tokenizer_config.json` or else of `config.json`.
  ///   - modelType: `model_type` of `config.json`.
  init(declared: String?, modelType: String?) {
    let registered: TokenizerClass? =
      switch modelType {
      case "qwen2", "qwen3": .qwen2
      case "gpt2": .gpt2
      default: nil
      }
    let declared = declared.map { $0.hasSuffix("Fast") ? String($0.dropLast(4)) : $0 }
    // Folders of Qwen 2 have been seen to declare wrong classes, so theirs does not count.
    guard let declared, modelType != "qwen2" else {
      self = registered ?? .file
      return
    }
    self =
      TokenizerClass(rawValue: declared)
      ?? (Self.otherClasses.contains(declared) ? .unknown : .file)
  }

  private static let otherClasses: Set<String> = [
    "BlenderbotTokenizer", "CLIPTokenizer", "CodeGenTokenizer", "CohereTokenizer",
    "DebertaTokenizer", "GPTNeoXTokenizer", "LukeTokenizer", "NougatTokenizer", "Qwen3_5Tokenizer",
    "RobertaTokenizer", "WhisperTokenizer",
  ]

  /// The tokens that the class has, or has not, if the settings do not mention them.
  var defaultTokens: [String: String?] {
    let end = "<|endoftext|>"
    return switch self {
    case .file, .unknown: [:]
    case .qwen2: ["unk_token": end, "bos_token": nil, "eos_token": end, "pad_token": end]
    case .gpt2: ["unk_token": end, "bos_token": end, "eos_token": end, "pad_token": nil]
    }
  }

  /// Whether every special token gets the flags of one that is nothing but a text.
  var resetsSpecialTokens: Bool { self == .qwen2 }

  /// How the class splits text; nil where the file says it.
  ///
  /// - Parameter addsPrefixSpace: `add_prefix_space` of `tokenizer_config.json`.
  func pipeline(
    _ model: BytePairEncoding, addsPrefixSpace: Bool
  ) -> (model: BytePairEncoding, normalizesToNFC: Bool)? {
    func rebuilt(_ pattern: SplitPattern) -> BytePairEncoding {
      BytePairEncoding(
        digits: .never, pattern: pattern, addsPrefixSpace: addsPrefixSpace,
        tokenOfByte: model.tokenOfByte, merges: model.merges, wholeWords: [:])
    }
    return switch self {
    case .file, .unknown: nil
    case .qwen2: (rebuilt(.qwen2), true)
    case .gpt2: (rebuilt(.gpt2), false)
    }
  }
}

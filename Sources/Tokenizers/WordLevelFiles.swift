// Makes the tokenizer files of a task whose tokens are whole words.
import StrictJSON

/// The two files with which transformers' `AutoTokenizer` opens a word-level vocabulary.
public struct WordLevelFiles: Sendable {
  /// The text of `tokenizer.json`, which `Tokenizer` and Hugging Face `tokenizers` read alike.
  public let tokenizer: String
  /// The text of `tokenizer_config.json`.
  public let configuration: String

  /// The files of a vocabulary in which a token's id is its index in `words`. The words are
  /// distinct, have no white space and include the three special ones. There is no token for
  /// unknown words: encoding one is an error, here and in transformers. `maximumLength` is the
  /// model's number of positions.
  public init(
    words: [String], padding: String, start: String, end: String, maximumLength: Int
  ) {
    precondition(
      [padding, start, end].allSatisfy(words.contains), "special words are in the vocabulary")
    precondition(
      !words.contains {
        $0.isEmpty || $0.unicodeScalars.contains(where: \.properties.isWhitespace)
      },
      "words have no white space")
    var vocabulary = JSONObject()
    var addedTokens: [JSON] = []
    for (id, word) in words.enumerated() {
      precondition(vocabulary[word] == nil, "words differ")
      vocabulary[word] = .integer(id)
      guard [padding, start, end].contains(word) else { continue }
      addedTokens.append([
        "id": .integer(id), "content": .string(word), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true,
      ])
    }
    let file: JSON = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(addedTokens),
      "normalizer": nil, "pre_tokenizer": ["type": "WhitespaceSplit"], "post_processor": nil,
      "decoder": nil,
      // The format demands an unk_token; one outside the vocabulary makes unknown words an error.
      "model": ["type": "WordLevel", "vocab": .object(vocabulary), "unk_token": "<unk>"],
    ]
    let configuration: JSON = [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": .string(start),
      "eos_token": .string(end), "pad_token": .string(padding),
      "clean_up_tokenization_spaces": false, "model_max_length": .integer(maximumLength),
    ]
    tokenizer = file.text(indent: 2) + "\n"
    self.configuration = configuration.text(indent: 2) + "\n"
  }
}

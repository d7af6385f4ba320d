import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// The files beside `tokenizer.json`, against transformers (Fixtures/make_settings.py).
@Suite struct SettingsTests {
  private struct Folder {
    let base: String
    let files: JSONObject
    let className: String
    let ids: [[Int32]]
    let skipping: [String]
    let named: JSONObject
  }

  private func golden() throws -> (texts: [String], folders: [Folder]) {
    let path =
      try #require(
        Bundle.module.path(forResource: "Fixtures", ofType: nil)) + "/settings-golden.json"
    let file = try JSON.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    let golden = try #require(file.objectValue)
    let texts = try #require(golden["texts"]?.arrayValue).compactMap(\.stringValue)
    let folders = try #require(golden["folders"]?.arrayValue).compactMap(\.objectValue)
    return (
      texts,
      try folders.map { folder in
        Folder(
          base: try #require(folder["base"]?.stringValue),
          files: try #require(folder["files"]?.objectValue),
          className: try #require(folder["class"]?.stringValue),
          ids: try #require(folder["ids"]?.arrayValue).map { ids in
            (ids.arrayValue ?? []).compactMap { $0.intValue.map(Int32.init) }
          },
          skipping: try #require(folder["skipping"]?.arrayValue).compactMap(\.stringValue),
          named: try #require(folder["named"]?.objectValue))
      }
    )
  }

  private func write(_ files: JSONObject, base: TokenizerFixture, to folder: String) throws {
    let tokenizer = try base.file().text()
    for (name, text) in files.members.map({ ($0.key, $0.value.text()) })
      + [("tokenizer.json", tokenizer)]
    {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  @Test func everyFolderHasTheTokensOfTransformersOrTheTextIsRefused() throws {
    let (texts, folders) = try golden()
    var (right, refused) = (0, 0)
    for folder in folders {
      try withTemporaryDirectory { path in
        try write(
          folder.files, base: try #require(TokenizerFixture(rawValue: folder.base)), to: path)
        let name = "\(folder.base) \(JSON.object(folder.files).text())"
        let tokenizer = try Tokenizer(directory: path)
        for (index, text) in texts.enumerated() {
          do {
            let ids = try tokenizer.encode(text)
            #expect(ids == folder.ids[index], "\(name): \(text)")
            #expect(
              try tokenizer.decode(ids, skippingSpecialTokens: true) == folder.skipping[index],
              "\(name): \(text)")
            right += 1
          } catch let error as TokenizerError {
            // Only a class that does not read the file may be at fault, and only if the file's tokens are
            // others.
            #expect(folder.className != "TokenizersBackend", "\(name): \(error)")
            #expect(error.message.hasPrefix("transformers' \(folder.className) makes other tokens"))
            #expect(try Tokenizer(path: path + "/tokenizer.json").encode(text) != folder.ids[index])
            refused += 1
          }
        }
        let names = folder.named.members.map(\.key)
        let template = names.map { "{{ \($0) }}," }.joined()
        try Data(template.utf8).write(to: URL(fileURLWithPath: path + "/chat_template.jinja"))
        #expect(
          try ChatTemplate(directory: path).prompt([["role": "user", "content": "q"]])
            == names.map { (folder.named[$0]?.stringValue ?? "?") + "," }.joined(), "\(name)")
      }
    }
    #expect(right > 500 && refused > 20, "\(right) right, \(refused) refused")
  }

  /// What transformers would read in another way than the files say.
  @Test func contradictionsAreRefusedByName() throws {
    func token(_ content: String) -> JSON { ["content": .string(content), "special": true] }
    let cases: [(JSONObject, String)] = [
      (
        ["tokenizer_config.json": ["added_tokens_decoder": ["900": token("<X>")]]],
        "the added token \"<X>\" has the id 900 (expected 706, which it gets with tokenizer.json)"
      ),
      (
        ["tokenizer_config.json": ["added_tokens_decoder": ["702": token("<X>")]]],
        "the added token \"<X>\" has the id 702 (expected 706, which it gets with tokenizer.json)"
      ),
      (
        ["added_tokens.json": ["<think>": 999]],
        "the added token \"<think>\" has the id 999 (expected 702, which it gets with tokenizer.json)"
      ),
      (["added_tokens.json": ["<X>": 705]], "has the id 705 (expected 706"),
      (
        ["added_tokens.json": ["<X>": "706"]], "added_tokens.json has \"706\" for \"<X>\" (expected"
      ),
      (
        [
          "config.json": ["model_type": "qwen3"],
          "tokenizer_config.json": ["added_tokens_decoder": ["706": token("<X>")]],
        ],
        "added_tokens_decoder lacks \"<|im_start|>\" of tokenizer.json, which transformers' "
          + "Qwen2Tokenizer then does not know (expected all added tokens)"
      ),
      (
        ["tokenizer_config.json": ["tokenizer_class": "GPTNeoXTokenizerFast"]],
        "tokenizer_class is \"GPTNeoXTokenizerFast\", which splits text in its own way (expected one"
      ),
      (
        [
          "config.json": ["model_type": "qwen2"],
          "tokenizer_config.json": ["add_prefix_space": true],
        ],
        "add_prefix_space is true (expected false: Qwen2Tokenizer would put spaces into the text)"
      ),
      (
        ["added_tokens.json": ["o\u{323}\u{302}": 706]],
        "is another spelling of the added token 705 (expected one of them)"
      ),
      (
        ["tokenizer_config.json": ["split_special_tokens": true]],
        "split_special_tokens is true (expected"
      ),
      (
        ["tokenizer_config.json": ["eos_token": ["a"]]],
        "eos_token is an array of 1 (expected the text"
      ),
      (
        ["special_tokens_map.json": ["eos_token": 3]],
        "eos_token is 3 (expected the text of a token)"
      ),
      (
        ["tokenizer_config.json": ["extra_special_tokens": ["a": nil]]],
        "a is null (expected the text of a token)"
      ),
      (
        ["tokenizer_config.json": ["added_tokens_decoder": ["x": token("<X>")]]],
        "is no token (expected"
      ),
      (
        [
          "tokenizer_config.json": [
            "added_tokens_decoder": ["706": ["content": "<X>", "lstrip": 1]]
          ]
        ],
        "added_tokens_decoder of \"706\".lstrip is 1 (expected true or false)"
      ),
    ]
    for (files, message) in cases {
      try withTemporaryDirectory { path in
        try write(files, base: .qwen, to: path)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: path) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.path?.hasPrefix(path) == true)
      }
    }
  }

  /// Hugging Face's library counts on, whatever id a file gives an added token.
  @Test func addedTokensWithOtherIDsAreRefused() throws {
    var file = try #require(try TokenizerFixture.qwen.file().objectValue)
    var tokens = try #require(file["added_tokens"]?.arrayValue).compactMap(\.objectValue)
    tokens[5]["id"] = 720
    file["added_tokens"] = .array(tokens.map(JSON.object))
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(json: Array(JSON.object(file).text().utf8))
    }
    #expect(
      error?.message
        == "added_tokens[5].id is 720 (expected 705, the next one: Hugging Face's library counts on)"
    )
  }
}

// A tokenizer file and what Hugging Face's tokenizers say about it; see Fixtures/README.md.
import Foundation
import StrictJSON
import Testing
import Tokenizers

/// The families of byte-level tokenizers, each with a small vocabulary of its own.
enum TokenizerFixture: String, CaseIterable {
  case gpt2
  case qwen
  case llama
  case smollm
  case runs

  struct Encoding {
    let text: String
    let ids: [Int32]
    /// The text that the ids become again, which may differ by normalization or a first space.
    let decoded: String
  }

  struct Decoding {
    let ids: [Int32]
    let text: String
    /// The text without special tokens.
    let skipping: String
  }

  /// The `tokenizer.json`.
  func file() throws -> JSON {
    try JSON.parse(bytes("tokenizer"))
  }

  func tokenizer() throws -> Tokenizer {
    try Tokenizer(json: bytes("tokenizer"))
  }

  func encodings() throws -> [Encoding] {
    try golden("encodings").map { object in
      let text = try #require(object["text"]?.stringValue)
      return Encoding(
        text: text, ids: try ids(object), decoded: object["decoded"]?.stringValue ?? text)
    }
  }

  func decodings() throws -> [Decoding] {
    try golden("decodings").map { object in
      Decoding(
        ids: try ids(object), text: try #require(object["text"]?.stringValue),
        skipping: try #require(object["skipping"]?.stringValue))
    }
  }

  private func golden(_ key: String) throws -> [JSONObject] {
    let golden = try #require(try JSON.parse(bytes("golden")).objectValue)
    return try #require(golden[key]?.arrayValue).compactMap(\.objectValue)
  }

  private func ids(_ object: JSONObject) throws -> [Int32] {
    try #require(object["ids"]?.arrayValue).compactMap { $0.intValue.map(Int32.init) }
  }

  private func bytes(_ suffix: String) throws -> [UInt8] {
    let fixtures = try #require(Bundle.module.path(forResource: "Fixtures", ofType: nil))
    return try [UInt8](
      Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/\(rawValue)-\(suffix).json")))
  }
}

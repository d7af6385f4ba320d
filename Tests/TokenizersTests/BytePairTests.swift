import Foundation
import KeyedRandom
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// Byte-level BPE: goldens of Hugging Face's tokenizers, long words, files that are refused.
@Suite struct BytePairTests {
  @Test(arguments: TokenizerFixture.allCases)
  func idsAreThoseOfHuggingFace(_ fixture: TokenizerFixture) throws {
    let tokenizer = try fixture.tokenizer()
    let cases = try fixture.encodings()
    #expect(cases.count > 200)
    for encoding in cases {
      #expect(try tokenizer.encode(encoding.text) == encoding.ids, "\(scalars(encoding.text))")
      // Swift's == is canonical equivalence.
      let decoded = Array(try tokenizer.decode(encoding.ids).utf8)
      #expect(decoded == Array(encoding.decoded.utf8), "\(scalars(encoding.text))")
    }
  }

  @Test(arguments: TokenizerFixture.allCases)
  func decodedTextsAreThoseOfHuggingFace(_ fixture: TokenizerFixture) throws {
    let tokenizer = try fixture.tokenizer()
    let cases = try fixture.decodings()
    #expect(cases.count == 60)
    for decoding in cases {
      let text = try tokenizer.decode(decoding.ids)
      #expect(Array(text.utf8) == Array(decoding.text.utf8), "\(decoding.ids)")
      let skipping = try tokenizer.decode(decoding.ids, skippingSpecialTokens: true)
      #expect(Array(skipping.utf8) == Array(decoding.skipping.utf8), "\(decoding.ids)")
    }
  }

  @Test func oldAndNewVersionsOfUnicodeAppearInTheGoldens() throws {
    let texts = try TokenizerFixture.qwen.encodings().map(\.text)
    let ages = Set(
      texts.joined().unicodeScalars.compactMap { $0.properties.age?.major })
    #expect(ages.isSuperset(of: [1, 9, 13, 14, 16, 17]))
  }

  /// Where merging is quadratic these take hours.
  @Test(.timeLimit(.minutes(1)), arguments: TokenizerFixture.allCases)
  func longWordsAndLongRunsTakeNoQuadraticTime(_ fixture: TokenizerFixture) throws {
    let tokenizer = try fixture.tokenizer()
    let count = 400_000
    for unit in [
      "a", " ", "\n", ".", "1", "'", "é", "\u{301}", "\u{323}\u{301}", " \n", "\u{1100}",
    ] {
      let text = String(repeating: unit, count: count)
      let tokens = try tokenizer.encode(text)
      #expect(tokens.count > 1000)
      #expect(try tokenizer.decode(tokens).utf8.count >= count)
    }
  }

  @Test(arguments: TokenizerFixture.allCases)
  func encodedTextsComeBack(_ fixture: TokenizerFixture) throws {
    let tokenizer = try fixture.tokenizer()
    var generator = RandomKey(seed: 7).generator()
    for _ in 0..<500 {
      var text = ""
      for _ in 0..<generator.uniform(below: 30) {
        // Below U+0300 every text is its own normal form.
        text.unicodeScalars.append(
          try #require(Unicode.Scalar(UInt32(generator.uniform(below: 0x300)))))
      }
      let back = try tokenizer.decode(tokenizer.encode(text))
      let space = fixture == .gpt2 && !text.isEmpty && !text.hasPrefix(" ") ? " " : ""
      #expect(Array(back.utf8) == Array((space + text).utf8))
    }
  }

  @Test func unnamedModelsWithMergesAreBPE() throws {
    var file = try #require(try TokenizerFixture.qwen.file().objectValue)
    var model = try #require(file["model"]?.objectValue)
    model["type"] = nil
    file["model"] = .object(model)
    let tokenizer = try Tokenizer(json: Array(JSON.object(file).text().utf8))
    #expect(
      try tokenizer.encode("the theme 12")
        == TokenizerFixture.qwen.tokenizer().encode("the theme 12"))
  }

  // MARK: - Files that are refused

  /// Replaces a part of the Qwen file; the path goes through objects and places of arrays.
  private func changed(
    _ path: [String], _ value: JSON?, _ json: JSON? = nil
  ) throws -> JSON {
    let json = try json ?? TokenizerFixture.qwen.file()
    guard let key = path.first else { return value ?? .null }
    let rest = Array(path.dropFirst())
    if var elements = json.arrayValue {
      let index = try #require(Int(key))
      elements[index] = try changed(rest, value, elements[index])
      return .array(elements)
    }
    var object = try #require(json.objectValue)
    object[key] = rest.isEmpty ? value : try changed(rest, value, object[key] ?? [:])
    return .object(object)
  }

  private static let split = ["pre_tokenizer", "pretokenizers", "0"]
  private static let byteLevel = ["pre_tokenizer", "pretokenizers", "1"]
  private static let refused: [([String], JSON?, String)] = [
    (["normalizer"], ["type": "NFKC"], "normalizer is \"NFKC\" (expected \"NFC\" or null)"),
    (["decoder"], nil, "decoder is null (expected \"ByteLevel\")"),
    (["decoder"], ["type": "WordPiece"], "decoder is \"WordPiece\" (expected \"ByteLevel\")"),
    (["model", "byte_fallback"], true, "model.byte_fallback is true (expected false)"),
    (["model", "fuse_unk"], true, "model.fuse_unk is true (expected false)"),
    (["model", "dropout"], 0.1, "model.dropout is 0.1 (expected null)"),
    (
      ["model", "end_of_word_suffix"], "</w>",
      "model.end_of_word_suffix is \"</w>\" (expected null)"
    ),
    (
      ["post_processor"], ["type": "Strange"],
      "post_processor is \"Strange\" (expected one that only adds special tokens, such as "
        + "\"TemplateProcessing\")"
    ),
    (
      ["pre_tokenizer"], ["type": "Metaspace"],
      "pre_tokenizer is \"Metaspace\" (expected \"ByteLevel\", or a \"Sequence\" of \"Split\" or "
        + "\"Digits\" and \"ByteLevel\")"
    ),
    (
      split + ["pattern", "Regex"], #"\w+|\s+"#,
      #"pre_tokenizer.pretokenizers[0].pattern.Regex is "\\w+|\\s+" "#
        + "(expected the one of GPT-2, Qwen or Llama 3)"
    ),
    (
      split + ["behavior"], "Removed",
      "pre_tokenizer.pretokenizers[0].behavior is \"Removed\" (expected \"Isolated\")"
    ),
    (
      split + ["invert"], true, "pre_tokenizer.pretokenizers[0].invert is true (expected false)"
    ),
    (
      byteLevel + ["use_regex"], true,
      "pre_tokenizer.pretokenizers[1].use_regex is true (expected false)"
    ),
    (
      byteLevel + ["add_prefix_space"], true,
      "pre_tokenizer.pretokenizers[1].add_prefix_space is true (expected false)"
    ),
    (["model", "merges"], nil, "model.merges is null (expected an array)"),
    (["model", "merges", "0"], "Ġ", "model.merges[0] is \"Ġ\" (expected two tokens)"),
    (
      ["model", "merges", "0"], ["Ġ", "☃"],
      "model.merges[0] needs \"☃\" (expected a token of model.vocab)"
    ),
    (
      ["model", "merges", "0"], ["X", "Q"],
      "model.merges[0] needs \"XQ\" (expected a token of model.vocab)"
    ),
  ]

  @Test(arguments: refused.indices)
  func whatIsNotImplementedOrMalformedIsRefusedByName(_ index: Int) throws {
    let (path, value, message) = Self.refused[index]
    let file = try changed(path, value).text()
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(json: Array(file.utf8)) }
    #expect(error?.description == message)
  }

  @Test func bytesWithoutATokenAreErrorsNotTraps() throws {
    let file: JSON = [
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
      "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"]],
    ]
    let tokenizer = try Tokenizer(json: Array(file.text().utf8))
    #expect(try tokenizer.encode("abba") == [2, 1, 0])
    let error = #expect(throws: TokenizerError.self) { try tokenizer.encode("abc") }
    #expect(error?.kind == .unknownWord)
    #expect(error?.description.contains("\n") == false)
  }

  /// Cut, overwritten and spliced files are read or refused with one line, never a trap; what is
  /// read also encodes.
  @Test(arguments: TokenizerFixture.allCases)
  func damagedFilesNeverTrap(_ fixture: TokenizerFixture) throws {
    let whole = try Self.small(fixture.file())
    let parts = ["null", "-1", "{}", "[]", "\"a b\"", "1e999", "true", "99999999999", "\"\""]
    var generator = RandomKey(seed: 11).derive(UInt64(fixture.rawValue.count)).generator()
    var (read, refused) = (0, 0)
    for round in 0..<5000 {
      var bytes = whole
      switch round % 3 {
      case 0:
        for _ in 0...generator.uniform(below: 3) {
          bytes[generator.uniform(below: bytes.count)] = UInt8(generator.uniform(below: 256))
        }
      case 1:
        let (a, b) = (generator.uniform(below: bytes.count), generator.uniform(below: bytes.count))
        bytes.removeSubrange(min(a, b)..<min(max(a, b), min(a, b) + 40))
      default:
        // A value after a colon or comma is replaced by another one.
        let places = bytes.indices.filter { bytes[$0] == 0x3A || bytes[$0] == 0x2C }
        let start = places[generator.uniform(below: places.count)] + 1
        let end =
          bytes[start...].firstIndex { [0x2C, 0x7D, 0x5D].contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: parts[generator.uniform(below: parts.count)].utf8)
      }
      do throws(TokenizerError) {
        let tokenizer = try Tokenizer(json: bytes)
        read += 1
        _ = try? tokenizer.encode("The e\u{301} is  12 <think>é\u{301}\n\n👩‍👩‍👧 word")
        _ = try? tokenizer.decode([0, 255, 256, 3, -1])
      } catch {
        refused += 1
        #expect(!error.description.contains("\n"))
        #expect(error.description.hasSuffix(")"))
      }
    }
    #expect(read > 100 && refused > 100, "\(read) read, \(refused) refused")
  }

  /// A file with the first merges only, so that damage hits structure more often than tokens.
  private static func small(_ file: JSON) throws -> [UInt8] {
    var file = try #require(file.objectValue)
    var model = try #require(file["model"]?.objectValue)
    var vocabulary = JSONObject()
    for (token, id) in try #require(model["vocab"]?.objectValue).members.prefix(276) {
      vocabulary[token] = id
    }
    let merges = try #require(model["merges"]?.arrayValue)
    model["vocab"] = .object(vocabulary)
    model["merges"] = .array(Array(merges.prefix(12)))
    file["model"] = .object(model)
    // Added tokens count on from the words that are left.
    let tokens = try #require(file["added_tokens"]?.arrayValue).compactMap(\.objectValue)
    file["added_tokens"] = .array(
      tokens.enumerated().map { index, token in
        var token = token
        token["id"] = .integer(276 + index)
        return .object(token)
      })
    let bytes = Array(JSON.object(file).text().utf8)
    _ = try Tokenizer(json: bytes)
    return bytes
  }

  private func scalars(_ text: String) -> String {
    text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
  }
}

import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerTests {
  /// A file with "é" in both spellings, an unknown word and an added token outside the vocabulary.
  static let file: JSON = [
    "added_tokens": [
      ["id": 5, "content": "<a>", "special": true],
      ["id": 6, "content": "<a><b>", "special": false],
    ],
    "normalizer": nil, "pre_tokenizer": ["type": "WhitespaceSplit"], "post_processor": nil,
    "decoder": nil,
    "model": [
      "type": "WordLevel", "unk_token": "?",
      "vocab": ["?": 0, "e\u{301}": 1, "\u{E9}": 2, "one": 3, "1": 4],
    ],
  ]

  private func tokenizer(_ file: JSON) throws(TokenizerError) -> Tokenizer {
    try Tokenizer(json: Array(file.text().utf8))
  }

  /// The file with one part replaced; the path goes through objects.
  private func changed(_ path: [String], _ value: JSON?, _ json: JSON = file) -> JSON {
    guard var object = json.objectValue, let key = path.first else { return json }
    if path.count == 1 {
      object[key] = value
    } else {
      object[key] = changed(Array(path.dropFirst()), value, object[key] ?? .null)
    }
    return .object(object)
  }

  @Test func countdownVocabularyEncodesAsItsIds() throws {
    let files = WordLevelFiles(
      words: CountdownVocabulary.words, padding: "<pad>", start: "<bos>", end: "<eos>",
      maximumLength: 128)
    let tokenizer = try Tokenizer(json: Array(files.tokenizer.utf8))
    #expect(tokenizer.vocabularySize == 56)
    #expect(tokenizer.addedTokens.map(\.content) == CountdownVocabulary.specialWords)
    #expect(tokenizer.addedTokens.allSatisfy { $0.isSpecial })
    let ids = (0..<56).map(Int32.init)
    #expect(try tokenizer.encode(CountdownVocabulary.text(of: ids)) == ids)
    #expect(try tokenizer.decode(ids) == CountdownVocabulary.text(of: ids))
    #expect(
      try tokenizer.encode("<bos>Use 3\n5\t11  to make 13 .<eos>")
        == [1, 3, 22, 24, 30, 4, 5, 32, 6, 2])
    #expect(try tokenizer.decode([1, 3, 22, 2], skippingSpecialTokens: true) == "Use 3")
    #expect(tokenizer.id(of: "<eos>") == CountdownVocabulary.eos)
    #expect(tokenizer.token(of: 55) == "36")
    let error = #expect(throws: TokenizerError.self) { try tokenizer.encode("Use 37") }
    #expect(error?.kind == .unknownWord)
    #expect(error?.description.hasPrefix("the word \"37\"") == true)
  }

  @Test func wordsAreComparedByBytes() throws {
    let tokenizer = try tokenizer(Self.file)
    #expect(try tokenizer.encode("e\u{301} \u{E9}") == [1, 2])
    #expect(try tokenizer.decode([1]).unicodeScalars.count == 2)
    #expect(tokenizer.id(of: "\u{E9}") == 2)
  }

  @Test func unknownWordsBecomeTheUnknownToken() throws {
    #expect(try tokenizer(Self.file).encode("one two 1") == [3, 0, 4])
  }

  @Test func textsAreSplitAtEveryWhiteSpaceOfUnicode() throws {
    let tokenizer = try tokenizer(Self.file)
    #expect(
      try tokenizer.encode("one\r\n1\u{A0}one\u{3000}1\u{2028}one\u{85}1") == [3, 4, 3, 4, 3, 4])
    #expect(try tokenizer.encode("") == [])
    #expect(try tokenizer.encode(" \n ") == [])
    // A zero-width space is no white space; a combining mark on a space does not join them.
    #expect(try tokenizer.encode("one\u{200B}1") == [0])
    #expect(try tokenizer.encode("one \u{301}") == [3, 0])
  }

  @Test func addedTokensAreFoundLeftmostLongest() throws {
    let tokenizer = try tokenizer(Self.file)
    #expect(tokenizer.vocabularySize == 7)
    #expect(try tokenizer.encode("one<a>1<a><b>one<a><") == [3, 5, 4, 6, 3, 5, 0])
    #expect(try tokenizer.decode([5, 6, 3], skippingSpecialTokens: true) == "<a><b> one")
  }

  @Test func idsOutsideTheVocabularyAreRefused() throws {
    for id: Int32 in [7, -1, .max] {
      let error = #expect(throws: TokenizerError.self) { try tokenizer(Self.file).decode([3, id]) }
      #expect(error?.kind == .unknownToken)
      #expect(error?.description == "token 1 is \(id) (expected an id of the vocabulary, below 7)")
    }
  }

  @Test func whatIsNotImplementedIsRefusedByName() throws {
    let cases: [(JSON, String)] = [
      (
        changed(["model", "type"], "Unigram"),
        "model.type is \"Unigram\" (expected \"BPE\" or \"WordLevel\")"
      ),
      (
        changed(["normalizer"], ["type": "NFC"]), "normalizer is \"NFC\" (expected null)"
      ),
      (
        changed(["pre_tokenizer"], ["type": "Whitespace"]),
        "pre_tokenizer is \"Whitespace\" (expected \"WhitespaceSplit\")"
      ),
      (changed(["pre_tokenizer"], nil), "pre_tokenizer is null (expected \"WhitespaceSplit\")"),
      (
        changed(["post_processor"], ["type": "TemplateProcessing"]),
        "post_processor is \"TemplateProcessing\" (expected null)"
      ),
      (changed(["decoder"], ["type": "ByteLevel"]), "decoder is \"ByteLevel\" (expected null)"),
    ]
    for (file, message) in cases {
      let error = #expect(throws: TokenizerError.self) { try tokenizer(file) }
      #expect(error?.kind == .unsupported)
      #expect(error?.description == message)
    }
  }

  @Test func malformedFilesAreRefused() throws {
    let cases: [(JSON, String)] = [
      ([], "no model (expected a tokenizer.json)"),
      (changed(["model"], nil), "no model (expected a tokenizer.json)"),
      (
        changed(["model", "type"], nil),
        "no model.type (expected \"BPE\" or \"WordLevel\")"
      ),
      (
        changed(["model", "vocab"], [:]),
        "model.vocab is missing or empty (expected words and ids)"
      ),
      (
        changed(["model", "vocab"], ["a": 1, "b": 1]),
        "model.vocab of \"b\" is 1 again (expected every id once)"
      ),
      (
        changed(["model", "vocab"], ["a": -1]),
        "model.vocab of \"a\" is -1 (expected an integer from 0 to 2147483647)"
      ),
      (
        changed(["model", "vocab"], ["a": 2_147_483_648]),
        "model.vocab of \"a\" is 2147483648 (expected an integer from 0 to 2147483647)"
      ),
      (
        changed(["added_tokens"], [["id": 9, "content": "x", "lstrip": 1]]),
        "added_tokens[0].lstrip is 1 (expected true or false)"
      ),
      (changed(["added_tokens"], 3), "added_tokens is 3 (expected an array)"),
      (
        changed(["added_tokens"], [["id": 1, "content": ""]]),
        "added_tokens[0] has no content of its own (expected an object with id and content)"
      ),
      (
        changed(["added_tokens"], [["id": 2, "content": "one"]]),
        "added_tokens[0].id is 2 (expected 3, its id in model.vocab)"
      ),
      (
        changed(["added_tokens"], [["id": 3, "content": "new"]]),
        "added_tokens[0].id is 3, which is another token's (expected every id once)"
      ),
    ]
    for (file, message) in cases {
      let error = #expect(throws: TokenizerError.self) { try tokenizer(file) }
      #expect(error?.kind == .malformed)
      #expect(error?.description == message)
    }
    #expect(throws: TokenizerError.self) { try Tokenizer(json: [0x7B]) }
  }

  @Test func filesAreReadFromTheirPath() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/tokenizer.json"
      let absent = #expect(throws: TokenizerError.self) { try Tokenizer(path: path) }
      #expect(absent?.description == "\(path): no such file (expected a tokenizer.json)")
      try Data(Self.file.text().utf8).write(to: URL(fileURLWithPath: path))
      #expect(try Tokenizer(path: path).vocabularySize == 7)
      try Data("{".utf8).write(to: URL(fileURLWithPath: path))
      let broken = #expect(throws: TokenizerError.self) { try Tokenizer(path: path) }
      #expect(broken?.description.hasPrefix("\(path): broken JSON: ") == true)
    }
  }
}

// `prerl tokenize`: text to token ids and back.
import ArgumentParser
import Foundation
import StrictJSON
import Tasks
import Tokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Convert the text on standard input to token ids, or ids to text.",
    discussion: """
      The whole of standard input is one text, including a final newline. No special tokens are \
      added. --decode reads ids separated by spaces, or the JSON that --json prints. It writes the \
      text without adding a newline.

      --prompts reads lines of a problem or rollout file. It prints the ids of each prompt as align \
      and rollout see them: prompt_ids without pads before them, messages rendered with the \
      checkpoint's chat template, text with its start token. With --json it also prints the text.

      Example: prerl tokenize --tokenizer tokenizer.json < text.txt
      """)

  @Option(
    help: ArgumentHelp(
      "Use this tokenizer.json, or the one in this folder (default: the checkpoint's).",
      valueName: "file"))
  var tokenizer: String?

  @Flag(help: "Convert ids to text.")
  var decode = false

  @Flag(help: "Convert the prompts of JSONL lines, with the checkpoint's chat template.")
  var prompts = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var chatOptions: ChatOptions
  @OptionGroup var printOptions: PrintOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, chatOptions, printOptions)
  }

  func validate() throws {
    if tokenizer == "" {
      throw ValidationError("--tokenizer is empty (expected a tokenizer.json or its folder)")
    }
    if prompts, decode || tokenizer != nil {
      throw ValidationError(
        "--prompts with --\(decode ? "decode" : "tokenizer") (expected --model alone: its chat template "
          + "is used)")
    }
    if !prompts, chatOptions.isGiven {
      throw ValidationError(
        "--no-thinking or --template-date without --prompts (expected messages to render)")
    }
  }

  func run() throws {
    if prompts { return try convertPrompts() }
    let tokenizer =
      if let path = self.tokenizer {
        try Self.tokenizer(path)
      } else {
        try Checkpoint(common).tokenizer.get()
      }
    let text = try Self.standardInput()
    if decode {
      let decoded = try tokenizer.decode(Self.ids(in: text))
      let object: JSON = ["text": .string(decoded)]
      try Console.print(common.json ? object.text() : decoded, asItIs: !common.json)
    } else {
      let ids = try tokenizer.encode(text)
      let object: JSON = ["ids": .array(ids.map { .integer(Int($0)) })]
      try Console.print(
        common.json ? object.text() : ids.map(String.init).joined(separator: " "))
    }
  }

  /// One line of output for every line of input.
  private func convertPrompts() throws {
    let checkpoint = try Checkpoint(common)
    let name = "standard input"
    var reader = try PromptReader(
      path: name, bytes: Array(try Self.standardInput().utf8), options: checkpoint.readerOptions())
    while let ids = try reader.next() {
      guard common.json else {
        try Console.print(ids.map(String.init).joined(separator: " "))
        continue
      }
      let text: String
      do {
        text = try checkpoint.tokenizer.get().decode(ids)
      } catch {
        throw CommandFailure.usage("\(name):\(reader.line): the prompt's \(error)")
      }
      let object: JSON = [
        "text": .string(text), "ids": .array(ids.map { .integer(Int($0)) }),
      ]
      try Console.print(object.text())
    }
    Checkpoint.note(reader.padding, of: name)
  }

  /// The tokenizer of the folder at a path, with the settings beside it, or the tokenizer.json there.
  private static func tokenizer(_ path: String) throws -> Tokenizer {
    // A trailing slash resolves a symbolic link to a folder.
    let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/")
    guard attributes?[.type] as? FileAttributeType == .typeDirectory else {
      return try Tokenizer(path: path)
    }
    return try Tokenizer(directory: path.hasSuffix("/") ? String(path.dropLast()) : path)
  }

  /// All of standard input, which must be UTF-8.
  private static func standardInput() throws -> String {
    let data: Data
    do {
      data = try Interruption.endingAtOnce {
        try FileHandle.standardInput.readToEnd() ?? Data()
      }
    } catch {
      throw CommandFailure.machine("standard input: cannot be read (expected text)")
    }
    let bytes = [UInt8](data)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure.usage(
        "standard input: byte \(validPrefix(bytes)) is no UTF-8 (expected UTF-8)")
    }
    return text
  }

  /// The number of bytes before the first invalid one.
  private static func validPrefix(_ bytes: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { count += scalar.count }
    return count
  }

  /// Ids between white space, `[1, 2]` or `{"ids": [1, 2]}`.
  private static func ids(in text: String) throws -> [Int32] {
    func fault(_ index: Int, _ word: String) -> CommandFailure {
      .usage(
        "standard input: id \(index) is \(word) (expected an integer from 0 to \(Int32.max))")
    }
    guard let first = text.unicodeScalars.first(where: { !$0.properties.isWhitespace }),
      first == "{" || first == "["
    else {
      return try text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).enumerated()
        .map { index, word in
          guard let id = Int32(String(word)), id >= 0 else {
            throw fault(index, JSON.string(String(word)).summary)
          }
          return id
        }
    }
    let json: JSON
    do {
      json = try JSON.parse(Array(text.utf8))
    } catch {
      throw CommandFailure.usage("standard input: broken JSON: \(error.message) (expected ids)")
    }
    guard let elements = json.arrayValue ?? json.objectValue?["ids"]?.arrayValue else {
      throw CommandFailure.usage(
        "standard input: \(json.summary) without ids (expected {\"ids\": [...]})")
    }
    return try elements.enumerated().map { index, element in
      guard let id = element.intValue.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw fault(index, element.summary)
      }
      return id
    }
  }
}

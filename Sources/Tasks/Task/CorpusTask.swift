// Tasks with a corpus, on which a model of their vocabulary is pretrained.
import KeyedRandom
import StrictJSON

/// The vocabulary of a task whose tokens are whole words; a token id is a word's index.
public struct TaskVocabulary: Sendable {
  /// Without white space, each once.
  public let words: [String]
  /// The token id of padding.
  public let padding: Int32
  /// The token id that opens a document.
  public let start: Int32
  /// The token id that closes it.
  public let end: Int32

  public init(words: [String], padding: Int32, start: Int32, end: Int32) {
    self.words = words
    self.padding = padding
    self.start = start
    self.end = end
  }
}

/// A task that a model can be pretrained for.
public protocol CorpusTask: TaskSettings {
  static var vocabulary: TaskVocabulary { get }

  /// The fraction of documents that open with their question unless a configuration says otherwise;
  /// nil where every document does.
  static var standardQuestionShare: Double? { get }

  /// The documents of a corpus by their index. Equal keys give equal documents.
  ///
  /// - Parameter questionShare: As `standardQuestionShare`; nil where every document has its question.
  func documents(questionShare: Double?, key: RandomKey) -> @Sendable (Int) -> [Int32]
}

extension BuiltInTasks {
  /// Reads the key `task` of a configuration that needs a corpus.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key, or a task without a corpus.
  public static func corpusTask(
    reading reader: inout JSONReader
  ) throws(JSONValueError) -> any CorpusTask {
    let task = try settings(reading: &reader)
    guard let task = task as? any CorpusTask else {
      let names = all.filter { $0 is any CorpusTask.Type }.map { JSON.string($0.name).text() }
      throw JSONValueError(
        path: reader.path(of: "task"),
        message:
          "\(type(of: task).name) has no corpus (expected \(names.joined(separator: " or ")))")
    }
    return task
  }
}

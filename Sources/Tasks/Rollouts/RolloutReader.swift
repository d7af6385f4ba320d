// Reads rollouts from a JSONL file, one at a time.
import StrictJSON

/// Reads a rollout file, with memory for one line and for the names seen so far.
///
/// One object per line: `{"id", "problem_id", "prompt" | "messages", "prompt_ids", "response",
/// "response_ids", "reward", "answer", "cluster"}`; for other spellings see `RolloutLine`. The
/// default of `id` is the line number, and that of `cluster` is the problem. Without `problem_id`,
/// rollouts with the same prompt tokens belong to the same problem, named `prompt-LINE` after the
/// first. Names may be integers. A byte order mark, `\r\n` and empty lines at the end are allowed.
public struct RolloutReader {
  /// What the caller knows about the model.
  public struct Options: Sendable {
    /// Token ids have to be smaller.
    public var vocabularySize: Int
    /// The largest number of tokens of prompt and response together; nil for any number.
    public var maximumLength: Int?
    /// Reading stops after this many rollouts, and the rest is not checked; nil for all.
    public var limit: Int?
    /// Encodes text if there are no token ids; with nil such lines are errors.
    public var encoder: (any RolloutEncoder)?
    /// Whether prompts that are text or messages are encoded. If not, their tokens only tell which
    /// rollouts have the same prompt.
    public var encodesPrompts = true
    /// The tokens that end a response. Pads behind the first of them are left out: they were not sampled.
    public var endTokens: Set<Int32> = []
    /// The token that fills up batches, if the model has one. Pads before a prompt are left out too: they
    /// were masked.
    public var padToken: Int32?
    /// The tokens that may start a prompt. A pad that is one of them is kept where it is alone before a
    /// prompt, and several are an error, since one of them may be the start.
    public var startTokens: Set<Int32> = []
    /// What the names of problems without one begin with; the line of their first rollout follows.
    public var unnamedProblems = "prompt-"
    /// The key of the reward in place of `reward` and `score`; a line without it is an error.
    public var rewardKey: String?

    /// Options for a model.
    public init(
      vocabularySize: Int, maximumLength: Int? = nil, limit: Int? = nil,
      encoder: (any RolloutEncoder)? = nil
    ) {
      self.vocabularySize = vocabularySize
      self.maximumLength = maximumLength
      self.limit = limit
      self.encoder = encoder
    }
  }

  private let path: String
  private let options: Options
  private var lines: LineReader
  private var count = 0
  /// The line of each id seen. Keys are bytes: `String` would join canonically equal names.
  private var lineOfID: [[UInt8]: Int] = [:]
  private var problemOfPrompt: [[Int32]: String] = [:]

  /// Every member of the line that was read last, as the file has it.
  public private(set) var object: JSONObject = [:]
  /// The pads that were left out so far, and the number of responses that had them.
  public private(set) var padding = (tokens: 0, responses: 0)
  /// The pads before prompts that were left out so far, and the number of prompts that had them.
  public private(set) var promptPadding = (tokens: 0, prompts: 0)

  /// Opens a file.
  ///
  /// - Parameter contents: the file to read where it is not at `path`, which errors name: the copy of a
  ///   pipe.
  public init(
    path: String, contents: String? = nil, options: Options
  ) throws(TaskFileError) {
    self.path = path
    self.options = options
    lines = try LineReader(path: path, contents: contents)
  }

  /// All rollouts of a file.
  public static func read(path: String, options: Options) throws(TaskFileError) -> [Rollout] {
    var reader = try RolloutReader(path: path, options: options)
    var rollouts: [Rollout] = []
    while let rollout = try reader.next() { rollouts.append(rollout) }
    return rollouts
  }

  /// The next rollout, or nil after the last one.
  ///
  /// Errors, with the line: a file without rollouts, broken JSON or UTF-8, a missing or empty
  /// prompt or response, a token id that is not an integer or is outside the vocabulary, a sequence
  /// longer than `maximumLength`, a repeated id, a value of the wrong type, text without encoder.
  public mutating func next() throws(TaskFileError) -> Rollout? {
    if let limit = options.limit, count >= limit { return nil }
    guard let range = try lines.next() else {
      if count == 0 {
        throw TaskFileError("no rollouts (expected one JSON object a line)", path: path, line: 1)
      }
      return nil
    }
    let fields: RolloutLine
    do {
      fields = try RolloutLine(lines.buffer[range], options: options)
    } catch {
      throw TaskFileError(error.message, path: path, line: lines.line)
    }
    count += 1
    object = fields.object
    if fields.padCount > 0 {
      padding = (padding.tokens + fields.padCount, padding.responses + 1)
    }
    if fields.promptPadCount > 0 {
      promptPadding = (promptPadding.tokens + fields.promptPadCount, promptPadding.prompts + 1)
    }
    let id = fields.id ?? String(lines.line)
    if let earlier = lineOfID.updateValue(lines.line, forKey: Array(id.utf8)) {
      throw TaskFileError(
        "the id \(JSON.string(id).summary) of line \(earlier) again (expected every id once)",
        path: path, line: lines.line)
    }
    return Rollout(
      id: id, problemID: fields.problemID ?? problem(of: fields.promptTokens),
      cluster: fields.cluster, promptTokens: fields.promptTokens,
      responseTokens: fields.responseTokens, prompt: fields.prompt, response: fields.response,
      reward: fields.reward, answer: fields.answer, otherNumbers: fields.otherNumbers)
  }

  private mutating func problem(of promptTokens: [Int32]) -> String {
    if let known = problemOfPrompt[promptTokens] { return known }
    let name = "\(options.unnamedProblems)\(lines.line)"
    problemOfPrompt[promptTokens] = name
    return name
  }
}

// What a trainer, a sampler and an evaluation need of a task.
//
// To add a task: a folder beside Countdown/ with a `TaskSettings` and a `PolicyTask`, and a line in
// `BuiltInTasks.all`.
import KeyedRandom

/// A task that a policy is trained on: problems, rewards and what is counted in responses.
///
/// A task is opened for one model by its `TaskSettings`, so its prompts are tokens of that model.
/// All random choices follow from keys: the same key, the same problems.
public protocol PolicyTask: Sendable {
  // MARK: Problems

  /// One problem of training. Equal keys draw equal problems.
  func draw(key: RandomKey) -> TaskProblem

  /// The problems of a training step, counted from 1; by default `count` independent draws.
  func problems(ofStep step: Int, count: Int, key: RandomKey) -> [TaskProblem]

  /// Problems of evaluation, none of which training sees. The list depends on nothing but `count`,
  /// and a longer list begins with a shorter one. A task may have fewer than it was asked for.
  func heldOut(_ count: Int) -> [TaskProblem]

  /// A problem from a file as the task sees it, with cluster and answer where the file has none.
  ///
  /// - Throws: `LineFault` for what is no problem of this task.
  func completed(_ problem: TaskProblem) throws(LineFault) -> TaskProblem

  /// Tokens of the longest prompt.
  var longestPrompt: Int { get }

  // MARK: Contexts

  /// What opens a document without a question; may be empty.
  var documentStart: [Int32] { get }

  /// The tokens that a random prompt may hold, ascending: all but special ones.
  var ordinaryTokens: [Int32] { get }

  // MARK: Rewards and statistics

  /// Judges responses; nil where a response cannot be judged, for want of a reference answer.
  ///
  /// - Parameter shouldStop: Asked now and then where judging takes long.
  /// - Throws: `CancellationError` when stopped, or why the verifier failed.
  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?]

  /// What is reported of responses beside rewards and lengths.
  var statistics: [TaskStatistic] { get }

  /// Documents that the base model was trained on, for a loss that shows what a policy forgets.
  var documents: [[Int32]] { get }

  // MARK: Provenance

  /// The files that problems come from.
  var files: [String] { get }
}

extension PolicyTask {
  public func problems(ofStep step: Int, count: Int, key: RandomKey) -> [TaskProblem] {
    draw(count, key: key.derive(UInt64(step)))
  }

  /// `count` draws, the i-th keyed by `key.derive(i)`: a longer list begins with a shorter one.
  public func draw(_ count: Int, key: RandomKey) -> [TaskProblem] {
    (0..<count).map { draw(key: key.derive(UInt64($0))) }
  }

  public func completed(_ problem: TaskProblem) throws(LineFault) -> TaskProblem { problem }

  public var statistics: [TaskStatistic] { [] }
  public var documents: [[Int32]] { [] }
  public var files: [String] { [] }
}

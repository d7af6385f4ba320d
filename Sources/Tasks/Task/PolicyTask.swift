// The protocol of a task, for training, sampling and evaluation.
//
// To add a task, write a folder next to Countdown/ with a `TaskSettings` and a `PolicyTask`, and
// add a line to `BuiltInTasks.all`.
import KeyedRandom

/// A task that a policy is trained on: its problems, rewards and statistics of responses.
///
/// A task is opened for one model by its `TaskSettings`, so its prompts are tokens of that model.
/// All random choices depend on keys: the same key gives the same problems.
public protocol PolicyTask: Sendable {
  // MARK: Problems

  /// One problem of training. Equal keys draw equal problems.
  func draw(key: RandomKey) -> TaskProblem

  /// The problems of a training step, counted from 1; by default `count` independent draws.
  func problems(ofStep step: Int, count: Int, key: RandomKey) -> [TaskProblem]

  /// Problems of evaluation, none of which training sees. The list depends only on `count`, and a
  /// longer list begins with a shorter one. A task may have fewer than requested.
  func heldOut(_ count: Int) -> [TaskProblem]

  /// A problem of a file as a problem of the task, with cluster and answer filled in if the file
  /// has none.
  ///
  /// - Throws: `LineFault` for something that is not a problem of this task.
  func completed(_ problem: TaskProblem) throws(LineFault) -> TaskProblem

  /// Tokens of the longest prompt.
  var longestPrompt: Int { get }

  // MARK: Contexts

  /// The tokens that open a document without a question; may be empty.
  var documentStart: [Int32] { get }

  /// The tokens that may occur in a random prompt, ascending: all except special ones.
  var ordinaryTokens: [Int32] { get }

  // MARK: Rewards and statistics

  /// The rewards that a response may have; 1 stands for a right response in every task.
  var rewardRange: ClosedRange<Double> { get }

  /// Whether `verify` judges responses. Without a verifier a policy can only learn from reward models.
  var hasVerifier: Bool { get }

  /// Judges responses; nil for a response that cannot be judged because it has no reference answer.
  ///
  /// - Parameter shouldStop: Polled while judging takes long.
  /// - Throws: `CancellationError` when stopped, or why the verifier failed.
  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?]

  /// The steps of a response, in order, where the task can judge them; nil where it cannot.
  func steps(of response: TaskResponse) -> [ResponseStep]?

  /// The statistics of responses in addition to rewards and lengths.
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

  public var hasVerifier: Bool { true }
  public var rewardRange: ClosedRange<Double> { 0...1 }
  public func steps(of response: TaskResponse) -> [ResponseStep]? { nil }
  public var statistics: [TaskStatistic] { [] }
  public var documents: [[Int32]] { [] }
  public var files: [String] { [] }
}

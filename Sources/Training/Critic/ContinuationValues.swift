// V by continuations: the mean reward of responses that are sampled from a state on.
import KeyedRandom
import ModelCore
import StrictJSON
import Tasks

/// Monte-Carlo values of the states between the steps of a response (VinePPO, 2410.01679).
///
/// They need no critic and have no bias (γ = 1, the score alone), but cost `count` continuations a state. Q of a step is its reward
/// and V of the state behind it, since a transition only appends tokens.
public struct ContinuationValues: Sendable, Hashable {
  /// Continuations from each state.
  public var count = 9
  /// Tokens between states where the task knows no steps.
  public var stride = 8

  /// - Parameters:
  ///   - count: Continuations from each state, at least 1.
  ///   - stride: Tokens between states where the task knows no steps, at least 1.
  public init(count: Int = 9, stride: Int = 8) {
    precondition(count > 0 && stride > 0, "continuations and a stride of at least 1")
    self.count = count
    self.stride = stride
  }

  /// Reads `continuations` and `continuation_stride` where advantages come from them.
  ///
  /// - Throws: `JSONValueError` naming an out-of-range key.
  init(reading reader: inout JSONReader, _ estimator: PPO.Estimator) throws(JSONValueError) {
    guard estimator == .continuations else {
      try reader.refuse(["continuations", "continuation_stride"], without: "advantages \"mc\"")
      return
    }
    count = try reader.optionalInt("continuations", in: 1...4096) ?? count
    stride = try reader.optionalInt("continuation_stride", in: 1...65_536) ?? stride
  }

  /// The keys as they are read.
  func json(_ estimator: PPO.Estimator) -> JSONObject {
    guard estimator == .continuations else { return [:] }
    return ["continuations": .integer(count), "continuation_stride": .integer(stride)]
  }

  /// The first tokens of the states of a response, ascending, from 0: the state before token t is the
  /// prompt and y_<t.
  package func states(_ response: TaskResponse, of task: any PolicyTask) -> [Int] {
    let count = response.tokens.count
    let ends =
      task.steps(of: response)?.map(\.end)
      ?? Array(Swift.stride(from: stride, to: count, by: stride))
    return [0] + ends.filter { $0 > 0 && $0 < count }.sorted()
  }

  /// A of every token of a response: the rewards of its step, and how much V rises over it. All tokens of a step share
  /// it.
  ///
  /// - Parameters:
  ///   - rewards: One a token.
  ///   - states: The first tokens of its states.
  ///   - values: V of these.
  package static func advantages(
    rewards: [Double], states: [Int], values: [Double], discount: Double = 1
  ) -> [Double] {
    var advantages: [Double] = []
    for (place, start) in states.enumerated() {
      let isLast = place + 1 == states.count
      let end = isLast ? rewards.count : states[place + 1]
      let next = isLast ? 0 : values[place + 1]
      let reward = rewards[start..<end].reduce(0, +)
      advantages += Array(
        repeating: reward + discount * next - values[place], count: end - start)
    }
    return advantages
  }

  /// The mean reward of the continuations of a state.
  public struct Estimate: Sendable, Hashable {
    public let mean: Double
    /// The estimated variance of the mean over other continuations; NaN where there is one.
    public let variance: Double

    package init(mean: Double, variance: Double) {
      self.mean = mean
      self.variance = variance
    }
  }

  /// V of states of responses: the mean reward of continuations, each judged as a whole response.
  ///
  /// - Parameters:
  ///   - states: For each response, the first tokens of its states.
  ///   - key: Continuation c of the state before token t of response i has the key
  ///     `key.derive(i, t).derive(c)`.
  ///   - progress: Gets the number of states whose continuations are done since it was called last.
  ///   - score: What a continued response earns.
  /// - Throws: What the task's verifier throws, `NonFiniteError`; `CancellationError` when it was stopped.
  package func values(
    of responses: [TaskResponse], states: [[Int]], task: any PolicyTask,
    model: Transformer<Float>, options: SamplingOptions, key: RandomKey, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool, progress: (_ states: Int) -> Void = { _ in },
    score: (RewardedRollout) -> Double
  ) throws -> [[Estimate]] {
    var values = states.map { [Double](repeating: 0, count: $0.count) }
    var squares = values
    // The room that is left depends on the state, so states with the same room are sampled together.
    let places = states.indices.flatMap { response in
      states[response].indices.map { (response, state: $0) }
    }
    let byStart = Dictionary(grouping: places) { states[$0.0][$0.state] }
    for start in byStart.keys.sorted() {
      let own = byStart[start] ?? []
      var options = options
      options.maximumNewTokens -= start
      let requests = own.flatMap { response, _ in
        (0..<count).map { continuation in
          SamplingRequest(
            prompt: responses[response].problem.promptTokens + responses[response].tokens[..<start],
            key: key.derive(UInt64(response), UInt64(start)).derive(UInt64(continuation)))
        }
      }
      var continued: [TaskResponse] = []
      var ended: [Bool] = []
      let done = try model.sample(
        requests, options: options, threads: threads, shouldStop: shouldStop
      ) { index, sampled in
        var response = responses[own[index / count].0]
        response.tokens = Array(response.tokens[..<start]) + sampled.tokens
        response.text = nil
        continued.append(response)
        ended.append(sampled.ended)
      }
      guard done == requests.count else { throw CancellationError() }
      progress(own.count)
      let found = try task.verify(continued, shouldStop: shouldStop)
      for (index, response) in continued.enumerated() {
        let place = own[index / count]
        let reward = score(
          RewardedRollout(
            prompt: response.problem.promptTokens, response: response.tokens,
            ended: ended[index], reward: found[index]?.reward ?? 0))
        values[place.0][place.state] += reward / Double(count)
        squares[place.0][place.state] += reward * reward / Double(count)
      }
    }
    return zip(values, squares).map { means, squares in
      zip(means, squares).map { mean, square in
        Estimate(
          mean: mean,
          variance: count > 1 ? max(0, square - mean * mean) / Double(count - 1) : .nan)
      }
    }
  }
}

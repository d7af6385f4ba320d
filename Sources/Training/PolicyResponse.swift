// Responses of a policy to problems: single turns, or conversations with the task's environment.
import KeyedRandom
import ModelCore
import Tasks

/// A sampled response.
struct PolicyResponse: Sendable {
  var tokens: [Int32] = []
  /// Whether it came to its end: an end token, or the end of the conversation.
  var ended = false
  /// Which tokens the policy chose; nil for all.
  var isOwn: [Bool]?

  /// The response after a context; the policy's own tokens are scored.
  func sequence(after context: [Int32]) -> ScoredSequence {
    guard let isOwn else { return ScoredSequence(context: context, response: tokens) }
    return ScoredSequence(
      context: context, response: tokens, scored: isOwn.indices.filter { isOwn[$0] })
  }
}

extension Transformer<Float> {
  /// Samples a response to each problem.
  ///
  /// A response depends on its key, its problem and, through the last bits of matrix products, on the
  /// requests beside it; not on threads.
  func respond(
    to requests: [(problem: TaskProblem, key: RandomKey)], of task: any PolicyTask,
    _ options: SamplingOptions, threads: Int
  ) throws -> [PolicyResponse] {
    if let task = task as? any InteractiveTask {
      return try converse(requests, task, options, threads: threads)
    }
    var responses: [PolicyResponse] = []
    try sample(
      requests.map { SamplingRequest(prompt: $0.problem.promptTokens, key: $0.key) },
      options: options, threads: threads,
      consume: { responses.append(PolicyResponse(tokens: $1.tokens, ended: $1.ended)) })
    return responses
  }

  /// Turn after turn, all conversations that go on together. A conversation is cut off where another turn
  /// would not fit into the most tokens of a response.
  private func converse(
    _ requests: [(problem: TaskProblem, key: RandomKey)], _ task: any InteractiveTask,
    _ options: SamplingOptions, threads: Int
  ) throws -> [PolicyResponse] {
    var turnOptions = options
    turnOptions.maximumNewTokens = task.maximumTurnLength
    turnOptions.endTokens = task.turnEnds
    var responses = requests.map { _ in PolicyResponse(isOwn: []) }
    var live = Array(requests.indices)
    for turn in 0... {
      live.removeAll {
        responses[$0].tokens.count + task.maximumTurnLength > options.maximumNewTokens
      }
      if live.isEmpty { break }
      var sampled: [[Int32]] = []
      try sample(
        live.map { index in
          SamplingRequest(
            prompt: requests[index].problem.promptTokens + responses[index].tokens,
            key: requests[index].key.derive("turn").derive(UInt64(turn)))
        }, options: turnOptions, threads: threads, consume: { sampled.append($1.tokens) })
      for (index, own) in zip(live, sampled) {
        let answer = task.answer(
          to: own, after: responses[index].tokens, in: requests[index].problem,
          key: requests[index].key.derive("environment"))
        responses[index].tokens += own + answer.tokens
        responses[index].isOwn? += own.map { _ in true } + answer.tokens.map { _ in false }
        responses[index].ended = answer.isOver
      }
      live.removeAll { responses[$0].ended }
    }
    return responses
  }
}

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
  /// How the conversation came about; nil for a single turn.
  var conversation: ConversationRecord?

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
  ///
  /// - Parameter partner: Answers the policy where the task has conversations.
  func respond(
    to requests: [(problem: TaskProblem, key: RandomKey)], of task: any PolicyTask,
    _ options: SamplingOptions, partner: any ConversationPartner = RealPartner(), threads: Int
  ) throws -> [PolicyResponse] {
    if let task = task as? any ConversationTask {
      return try converse(requests, task, options, partner, threads: threads)
    }
    var responses: [PolicyResponse] = []
    try sample(
      requests.map { SamplingRequest(prompt: $0.problem.promptTokens, key: $0.key) },
      options: options, threads: threads,
      consume: { responses.append(PolicyResponse(tokens: $1.tokens, ended: $1.ended)) })
    return responses
  }

  /// Turn after turn, all conversations that go on together. A conversation is cut off where another turn or an answer
  /// to one would not fit into the most tokens of a response, or where the partner cuts it off.
  private func converse(
    _ requests: [(problem: TaskProblem, key: RandomKey)], _ task: any ConversationTask,
    _ options: SamplingOptions, _ partner: any ConversationPartner, threads: Int
  ) throws -> [PolicyResponse] {
    var turnOptions = options
    turnOptions.maximumNewTokens = task.maximumTurnLength
    turnOptions.endTokens = task.turnEnds
    var responses = requests.map { _ in
      PolicyResponse(
        isOwn: [], conversation: ConversationRecord(isImagined: partner.isImagined))
    }
    var live = Array(requests.indices)
    for turn in 0... {
      live.removeAll {
        responses[$0].tokens.count + task.maximumTurnLength > options.maximumNewTokens
      }
      if live.isEmpty { break }
      var turns: [PolicyTurn] = []
      try sample(
        live.map { index in
          SamplingRequest(
            prompt: requests[index].problem.promptTokens + responses[index].tokens,
            key: requests[index].key.derive("turn").derive(UInt64(turn)))
        }, options: turnOptions, threads: threads,
        consume: { place, own in
          let index = live[place]
          turns.append(
            PolicyTurn(
              problem: requests[index].problem, history: responses[index].tokens,
              tokens: own.tokens, answerCount: turn,
              room: options.maximumNewTokens - responses[index].tokens.count - own.tokens.count,
              key: requests[index].key))
        })
      let answers = try partner.answers(to: turns, in: task, threads: threads)
      for (index, (own, answer)) in zip(live, zip(turns, answers)) {
        responses[index].append(own.tokens, answer)
      }
      live = zip(live, answers).filter { !$1.turn.isOver && !$1.isCutOff }.map(\.0)
    }
    return responses
  }
}

extension PolicyResponse {
  /// Adds a turn of the policy and what came after it.
  fileprivate mutating func append(_ own: [Int32], _ answer: PartnerAnswer) {
    tokens += own + answer.turn.tokens
    isOwn? += own.map { _ in true } + answer.turn.tokens.map { _ in false }
    ended = answer.turn.isOver
    conversation?.answerCount += answer.turn.tokens.isEmpty ? 0 : 1
    conversation?.disagreement += answer.disagreement
    conversation?.isStray = answer.isStray
  }
}

// Conversations with an environment that models play.
import Foundation
import KeyedRandom
import ModelCore
import Tasks

/// Models that play the environment, or the environment itself in imagined conversations.
///
/// Each conversation has one of several models, drawn by its key. How much they disagree on an answer u that model d
/// gave is log p_d(u) − log mean_m p_m(u): over draws of d and u its mean is the information that the answer has about
/// the model, which is 0 where all predict the same.
struct ImaginedPartner: ConversationPartner {
  let settings: ImaginationSettings
  /// At least one, unless the environment answers.
  let models: [Transformer<Float>]

  var isImagined: Bool { true }

  func answers(
    to turns: [PolicyTurn], in task: any ConversationTask, threads: Int
  ) throws -> [PartnerAnswer] {
    guard let task = task as? any ImaginableTask else {
      preconditionFailure("the configuration has no obstacle")
    }
    // Where nobody else answers, a conversation is over once it has the answers that were asked for, and an answer
    // without end is no end of it.
    let isAlone = !(task is any InteractiveTask)
    var answers = turns.map { _ in PartnerAnswer.cutOff }
    var waiting: [(place: Int, opening: [Int32])] = []
    for (place, turn) in turns.enumerated() {
      switch task.answerOpening(to: turn.tokens, after: turn.history, in: turn.problem) {
      case .tokens(let opening):
        if turn.answerCount >= settings.answers ?? .max {
          if isAlone { answers[place] = .over }
        } else if !settings.worldModel.isLearned || task.maximumReplyLength <= turn.room {
          waiting.append((place, opening))
        }
      case .end: answers[place] = .over
      case .cutOff: break  // as all are at first
      }
    }
    guard settings.worldModel.isLearned else {
      for (place, _) in waiting {
        answers[place] = RealPartner.answer(to: turns[place], in: task)
      }
      return answers
    }
    let found = try sample(
      waiting.map { (turns[$0.place], $0.opening) }, of: task, threads: threads)
    for ((place, opening), found) in zip(waiting, found) {
      let turn = turns[place]
      guard found.disagreement <= settings.disagreementLimit ?? .infinity else {
        answers[place].disagreement = found.disagreement
        continue
      }
      let answer = task.turn(
        answering: found.tokens, to: turn.tokens, after: turn.history, in: turn.problem)
      answers[place] = PartnerAnswer(
        turn: answer ?? EnvironmentTurn(tokens: opening + found.tokens, isOver: !isAlone),
        isCutOff: answer == nil && isAlone, disagreement: found.disagreement,
        isStray: answer == nil)
    }
    return answers
  }

  /// The models' answers to turns, each behind its opening.
  private func sample(
    _ turns: [(turn: PolicyTurn, opening: [Int32])], of task: any ImaginableTask, threads: Int
  ) throws -> [(tokens: [Int32], disagreement: Double)] {
    let options = SamplingOptions(
      maximumNewTokens: task.maximumAnswerLength,
      temperature: settings.worldModel == .argmax ? 0 : 1, endTokens: task.answerEnds)
    let drawn = turns.map { turn, _ in
      var generator = turn.key.derive("world model").generator()
      return generator.uniform(below: models.count)
    }
    func context(_ place: Int) -> [Int32] {
      let (turn, opening) = turns[place]
      return turn.problem.promptTokens + turn.history + turn.tokens + opening
    }
    var tokens = turns.map { _ in [Int32]() }
    for (index, model) in models.enumerated() {
      let own = turns.indices.filter { drawn[$0] == index }
      try model.sample(
        own.map { place in
          SamplingRequest(
            prompt: context(place),
            key: turns[place].turn.key.derive("imagined answer")
              .derive(UInt64(turns[place].turn.answerCount)))
        }, options: options, threads: threads, consume: { tokens[own[$0]] = $1.tokens })
    }
    guard models.count > 1 else { return tokens.map { ($0, 0) } }
    let sequences = turns.indices.map {
      ScoredSequence(context: context($0), response: tokens[$0])
    }
    let scores = try models.map {
      try SequenceScorer($0).logProbabilities(sequences, threads: threads)
    }
    return turns.indices.map { place in
      (tokens[place], Self.disagreement(scores.map { $0[place] }, drawn: drawn[place]))
    }
  }

  /// log p_d − log mean_m p_m, in nats, from the log-probabilities of all models.
  static func disagreement(_ scores: [Double], drawn: Int) -> Double {
    let highest = scores.max() ?? 0
    let mean = scores.reduce(0) { $0 + exp($1 - highest) } / Double(scores.count)
    return scores[drawn] - highest - log(mean)
  }
}

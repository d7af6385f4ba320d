import KeyedRandom
import Tasks

/// Everything that can happen under a policy, by enumeration.
struct DeskTree {
  /// π: the actions after a transcript with their probabilities. It may depend on all of the history.
  let policy: (DeskTranscript) -> [(action: DeskAction, probability: Double)]

  /// A stochastic policy of the whole history: some of the actions with random probabilities.
  static func random(seed: UInt64, actions count: Int) -> DeskTree {
    DeskTree { transcript in
      let key = transcript.tokens.reduce(RandomKey(seed: seed)) { $0.derive(UInt64($1)) }
      var random = key.generator()
      var actions = DeskAction.all
      random.shuffle(&actions)
      let weights = (0..<count).map { _ in random.uniform() }
      let sum = weights.reduce(0, +)
      return zip(actions, weights).map { ($0, $1 / sum) }
    }
  }

  /// V^π: the expected reward after a transcript in a world that is a filter over a user.
  func value(after transcript: DeskTranscript, _ belief: DeskBelief) -> Double {
    var sum = 0.0
    for (action, share) in policy(transcript) {
      for (reply, probability) in belief.replies(to: action) where probability > 0 {
        sum += share * probability * gain(transcript, action, reply, belief)
      }
    }
    return sum
  }

  /// r + V^π of one turn.
  func gain(
    _ transcript: DeskTranscript, _ action: DeskAction, _ reply: DeskReply, _ belief: DeskBelief
  ) -> Double {
    let reward = DeskScore.reward.score(action, reply, stock: transcript.stock)
    guard let next = belief.observing(reply, to: action) else { return reward }
    return reward + value(after: transcript.with(action, reply), next)
  }

  /// J^π in the world of a filter.
  func value(_ model: DeskModel) -> Double {
    model.openings.reduce(0) { sum, item in
      sum + item.probability
        * value(after: model.start(item.opening), model.belief(after: item.opening))
    }
  }

  /// J^π in the true world: the sum over goals and moods of the process, without a filter.
  func value(_ user: DeskUser, _ stock: DeskStock) -> Double {
    func value(_ transcript: DeskTranscript, _ state: DeskHiddenState) -> Double {
      var sum = 0.0
      for (action, share) in policy(transcript) {
        let replies = user.replies(
          to: action, in: state, stock: stock, isLast: transcript.isLastTurn)
        for (reply, probability) in replies where probability > 0 {
          let next = transcript.with(action, reply)
          let reward = DeskScore.reward.score(action, reply, stock: stock)
          sum += share * probability * (reward + (next.isOver ? 0 : value(next, state)))
        }
      }
      return sum
    }
    var sum = 0.0
    for state in DeskHiddenState.all {
      for opening in DeskOpening.all {
        let probability =
          user.probability(of: state, stock: stock) * user.probability(of: opening, in: state)
        guard probability > 0 else { continue }
        let start = DeskTranscript(stock: stock, opening: opening, patience: user.patience)
        sum += probability * value(start, state)
      }
    }
    return sum
  }

  /// Every complete dialogue with its probability.
  func dialogues(_ model: DeskModel) -> [(transcript: DeskTranscript, probability: Double)] {
    var dialogues: [(DeskTranscript, Double)] = []
    func walk(_ transcript: DeskTranscript, _ belief: DeskBelief, _ weight: Double) {
      for (action, share) in policy(transcript) {
        for (reply, probability) in belief.replies(to: action) where probability > 0 {
          let next = transcript.with(action, reply)
          if let later = belief.observing(reply, to: action) {
            walk(next, later, weight * share * probability)
          } else {
            dialogues.append((next, weight * share * probability))
          }
        }
      }
    }
    for (opening, probability) in model.openings {
      walk(model.start(opening), model.belief(after: opening), probability)
    }
    return dialogues
  }
}

extension DeskModel {
  /// A dialogue with the model's stock and patience before the first turn.
  func start(_ opening: DeskOpening) -> DeskTranscript {
    DeskTranscript(stock: stock, opening: opening, patience: user.patience)
  }
}

extension DeskTranscript {
  /// The transcript with one more turn.
  func with(_ action: DeskAction, _ reply: DeskReply) -> DeskTranscript {
    var next = self
    next.append(DeskTurn(action, reply))
    return next
  }
}

// How well a model of the user predicts the turns of a dialogue.
import Foundation

/// What a model says about one turn of the user.
public struct DeskPrediction: Sendable, Hashable {
  /// log P(turn | history, action) in nats; −∞ for an impossible turn.
  public let logProbability: Double
  /// The entropy of that distribution in nats, the smallest expected loss of any model.
  public let entropy: Double
}

extension DeskModel {
  /// One prediction for each turn of the user, the opening first. The last one may be impossible; a
  /// filter cannot go on after an impossible turn.
  public func predictions(of transcript: DeskTranscript) -> [DeskPrediction] {
    precondition(transcript.stock == stock, "a model is about its own stock")
    let opening = dot(prior, likelihood(of: transcript.opening))
    var predictions = [DeskPrediction(logProbability: log(opening), entropy: openingEntropy)]
    guard opening > 0 else { return predictions }
    var belief = belief(after: transcript.opening)
    for turn in transcript.turns {
      let probability = belief.probability(of: turn.reply, to: turn.action)
      predictions.append(
        DeskPrediction(
          logProbability: log(probability), entropy: belief.replyEntropy(to: turn.action)))
      guard let next = belief.observing(turn.reply, to: turn.action) else { break }
      belief = next
    }
    return predictions
  }

  /// log P(the user's turns | stock, the assistant's turns) in nats.
  public func logLikelihood(of transcript: DeskTranscript) -> Double {
    predictions(of: transcript).reduce(0) { $0 + $1.logProbability }
  }
}

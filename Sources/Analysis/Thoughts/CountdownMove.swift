// The moves of a Countdown response, with the effect of each.
import Tasks

/// A `Wait` or an `Alternatively`, judged by recomputing what it writes.
public struct CountdownMove: Sendable, Hashable {
  /// What a move did to the attempt.
  public enum Effect: Sendable, Hashable {
    /// A reflection repaired an error; a transition reached the target.
    case wrongToRight
    /// A reflection broke a true computation; a transition left the target.
    case rightToWrong
    /// Anything else.
    case none
  }

  /// Whether it is `Alternatively`.
  public let isTransition: Bool
  /// The index of its word in the response.
  public let token: Int
  /// What it did.
  public let effect: Effect

  /// The moves of a response in order; their totals are those of `CountdownMoves`.
  ///
  /// A move's effect is the difference of the totals with and without it: a statement that belongs
  /// to a later move cannot end within the tokens of this one.
  public static func moves(
    in response: [Int32], of problem: CountdownProblem
  ) -> [CountdownMove] {
    typealias Words = CountdownVocabulary
    return response.indices.compactMap { index in
      let token = response[index]
      guard token == Words.alternatively || token == Words.wait else { return nil }
      let end = min(response.count, index + problem.variant.moveLength)
      let before = CountdownMoves(Array(response[..<index]), of: problem)
      let after = CountdownMoves(Array(response[..<end]), of: problem)
      let isTransition = token == Words.alternatively
      let gained =
        isTransition
        ? after.transitionsToTarget - before.transitionsToTarget : after.repairs - before.repairs
      let lost =
        isTransition
        ? after.transitionsFromTarget - before.transitionsFromTarget
        : after.breakages - before.breakages
      return CountdownMove(
        isTransition: isTransition, token: index,
        effect: gained > 0 ? .wrongToRight : lost > 0 ? .rightToWrong : .none)
    }
  }
}

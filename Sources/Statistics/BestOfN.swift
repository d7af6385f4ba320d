// What the best of n responses by a score is worth, and how far it is from the policy.
import Foundation

/// Best-of-n: of n responses the one with the largest score. Among equal scores each is as likely.
public enum BestOfN {
  /// The expected value of the best of n, from N ≥ n responses: the mean over every choice of n of them, which is
  /// unbiased. NaN where n exceeds N.
  ///
  /// - Parameters:
  ///   - values: Of the responses, in any unit.
  ///   - scores: By which the best one is chosen.
  public static func mean(of values: [Double], by scores: [Double], n: Int) -> Double {
    precondition(values.count == scores.count && n > 0, "one score a value, n > 0")
    guard n <= values.count else { return .nan }
    return levels(scores).reduce(0) { sum, level in
      let value = level.members.reduce(0) { $0 + values[$1] } / Double(level.members.count)
      let (below, through) = (level.below, level.below + level.members.count)
      return sum + value
        * (share(through, of: values.count, n: n) - share(below, of: values.count, n: n))
    }
  }

  /// KL(best of n ‖ policy) in nats, for a policy whose scores have the distribution of these:
  ///
  ///   Σ_r P(r) w_r log w_r,  w_r = (F(r)ⁿ − F(r⁻)ⁿ) / P(r)
  ///
  /// It is that of the responses, too, since responses of one score keep their shares. With N scores it is at most
  /// log N, so it says little where n is not far below N and the true distribution has more values.
  public static func divergence(of scores: [Double], n: Int) -> Double {
    precondition(!scores.isEmpty && n > 0, "scores, and n > 0")
    let count = Double(scores.count)
    return levels(scores).reduce(0) { sum, level in
      let probability = Double(level.members.count) / count
      let (below, through) = (
        Double(level.below) / count, Double(level.below + level.members.count) / count
      )
      let weight = (pow(through, Double(n)) - pow(below, Double(n))) / probability
      return weight > 0 ? sum + probability * weight * log(weight) : sum
    }
  }

  /// log n − (n−1)/n in nats: the divergence where no two responses have the same score, else above it (Beirami et al.,
  /// Theoretical guarantees on the best-of-n alignment policy, arXiv 2401.01879).
  public static func divergenceBound(n: Int) -> Double {
    precondition(n > 0, "n > 0")
    return log(Double(n)) - Double(n - 1) / Double(n)
  }

  /// The places of equal scores, ascending, with the number of smaller ones.
  private static func levels(_ scores: [Double]) -> [(members: [Int], below: Int)] {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var levels: [(members: [Int], below: Int)] = []
    for (rank, place) in order.enumerated() {
      if let last = levels.last?.members.last, scores[last] == scores[place] {
        levels[levels.count - 1].members.append(place)
      } else {
        levels.append(([place], rank))
      }
    }
    return levels
  }

  /// C(m, n) / C(N, n): the share of the choices of n among N that lie within m of them.
  private static func share(_ m: Int, of total: Int, n: Int) -> Double {
    guard m >= n else { return 0 }
    return (0..<n).reduce(1) { $0 * Double(m - $1) / Double(total - $1) }
  }
}

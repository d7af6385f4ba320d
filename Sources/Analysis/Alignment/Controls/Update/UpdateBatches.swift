// Batches of the `update` control.
import KeyedRandom
import Tasks

/// Disjoint batches of rollouts, whole clusters each, with their advantages.
struct UpdateBatches: Sendable {
  /// K, disjoint in clusters.
  static let count = 8

  /// Rollouts of each batch, ascending. (K)
  let members: [[Int]]
  /// The same of the held-out rollouts; empty where none are held out.
  let heldOut: [[Int]]
  /// A_i = r_i − mean reward of the rollout's group; NaN for groups of one, which are left out.
  let advantages: [Double]

  /// Why the rollouts of a plan allow no update control, if they do not.
  static func obstacle(_ plan: AlignmentPlan) -> String? {
    guard let (_, reason) = obstacleInPool(plan) else { return nil }
    return reason
  }

  /// The same, and whether it is in the held-out rollouts.
  static func obstacleInPool(_ plan: AlignmentPlan) -> (isHeldOut: Bool, reason: String)? {
    if let place = plan.rollouts.firstIndex(where: { $0.reward == nil }) {
      return (place >= plan.heldOutStart, "rollout \(plan.rollouts[place].id) has no reward")
    }
    let advantages = UpdateBatches(plan).advantages
    let pools =
      plan.heldOutStart == plan.rollouts.count
      ? [("", 0..<plan.heldOutStart)]
      : [
        (" among the rollouts of training", 0..<plan.heldOutStart),
        (" among the held-out rollouts", plan.heldOutStart..<plan.rollouts.count),
      ]
    for (place, pool) in pools {
      let grouped = pool.filter { !advantages[$0].isNaN }
      let clusters = Set(grouped.map { Array(plan.rollouts[$0].cluster.utf8) })
      let isHeldOut = pool.lowerBound > 0
      if clusters.count < count {
        return (
          isHeldOut,
          "\(clusters.count) cluster\(clusters.count == 1 ? "" : "s") with groups of at least two\(place) (at least \(count))"
        )
      }
      if grouped.allSatisfy({ advantages[$0] == 0 }) {
        return (isHeldOut, "every group's rewards are all equal\(place)")
      }
    }
    return nil
  }

  init(_ plan: AlignmentPlan) {
    let rollouts = plan.rollouts
    var advantages = [Double](repeating: .nan, count: rollouts.count)
    for members in rollouts.groups where members.count > 1 {
      let rewards = members.map { rollouts[$0].reward ?? .nan }
      let own = AdvantageScheme.groupCentered.advantages(of: rewards)
      for (member, advantage) in zip(members, own) { advantages[member] = advantage }
    }
    self.advantages = advantages
    let grouped = rollouts.indices.filter { !advantages[$0].isNaN }
    let key = plan.key("update")
    members = Self.deal(grouped.filter { $0 < plan.heldOutStart }, of: rollouts, key: key)
    let rest = grouped.filter { $0 >= plan.heldOutStart }
    heldOut = rest.isEmpty ? [] : Self.deal(rest, of: rollouts, key: key.derive("held out"))
  }

  /// Clusters in order of first appearance are shuffled. Each goes to the batch that has the fewest
  /// rollouts so far, so that batches have similar sizes.
  private static func deal(_ indices: [Int], of rollouts: [Rollout], key: RandomKey) -> [[Int]] {
    var order: [[UInt8]] = []
    var clusters: [[UInt8]: [Int]] = [:]
    for index in indices {
      let name = Array(rollouts[index].cluster.utf8)
      if clusters[name] == nil { order.append(name) }
      clusters[name, default: []].append(index)
    }
    var random = key.generator()
    random.shuffle(&order)
    var batches = [[Int]](repeating: [], count: count)
    for name in order {
      let smallest = batches.indices.min { batches[$0].count < batches[$1].count } ?? 0
      batches[smallest] += clusters[name] ?? []
    }
    return batches.map { $0.sorted() }
  }
}

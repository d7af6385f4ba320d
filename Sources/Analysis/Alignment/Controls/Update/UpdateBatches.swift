// Batches of the `update` control.
import KeyedRandom
import Tasks

/// Disjoint batches of rollouts, whole clusters each, with their advantages.
struct UpdateBatches: Sendable {
  /// K, disjoint in clusters.
  static let count = 8

  /// Rollouts of each batch, ascending. (K)
  let members: [[Int]]
  /// A_i = r_i − mean reward of the rollout's group; NaN for groups of one, which are left out.
  let advantages: [Double]

  /// Why the rollouts allow no update control, if they do not.
  static func obstacle(_ rollouts: [Rollout]) -> String? {
    if rollouts.contains(where: { $0.reward == nil }) { return "some rollouts have no reward" }
    let batches = UpdateBatches(rollouts, key: RandomKey(seed: 0))
    let clusters = Set(
      rollouts.indices.filter { !batches.advantages[$0].isNaN }.map {
        Array(rollouts[$0].cluster.utf8)
      })
    if clusters.count < count {
      return "there are \(clusters.count) clusters with groups of at least two (at least \(count))"
    }
    if batches.advantages.allSatisfy({ $0.isNaN || $0 == 0 }) {
      return "every group's rewards are all equal"
    }
    return nil
  }

  init(_ rollouts: [Rollout], key: RandomKey) {
    let groups = Dictionary(grouping: rollouts.indices) { Array(rollouts[$0].problemID.utf8) }
    var advantages = [Double](repeating: .nan, count: rollouts.count)
    for members in groups.values where members.count > 1 {
      let rewards = members.map { rollouts[$0].reward ?? .nan }
      let own = AdvantageScheme.groupCentered.advantages(of: rewards)
      for (member, advantage) in zip(members, own) { advantages[member] = advantage }
    }
    self.advantages = advantages

    // Clusters in order of first appearance are shuffled. Each goes to the batch that has the fewest
    // rollouts so far, so that batches have similar sizes.
    var order: [[UInt8]] = []
    var clusters: [[UInt8]: [Int]] = [:]
    for index in rollouts.indices where !advantages[index].isNaN {
      let name = Array(rollouts[index].cluster.utf8)
      if clusters[name] == nil { order.append(name) }
      clusters[name, default: []].append(index)
    }
    var random = key.generator()
    random.shuffle(&order)
    var batches = [[Int]](repeating: [], count: Self.count)
    for name in order {
      let smallest = batches.indices.min { batches[$0].count < batches[$1].count } ?? 0
      batches[smallest] += clusters[name] ?? []
    }
    members = batches.map { $0.sorted() }
  }
}

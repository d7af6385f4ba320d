// Problems held out for evaluation where no file has them.
import KeyedRandom

/// A split by whole clusters: problems that belong together are never on both sides. It depends on the
/// file alone, not on the seed of a run.
struct AnswersSplit {
  let training: [TaskProblem]
  let heldOut: [TaskProblem]

  /// Holds out a share of the clusters, one at least; nil where there is only one cluster.
  init?(_ problems: [TaskProblem], share: Double) {
    // Names are compared by their bytes: canonically equal ones may differ.
    var clusters: [[UInt8]] = []
    var seen: Set<[UInt8]> = []
    for problem in problems where seen.insert(Array(problem.cluster.utf8)).inserted {
      clusters.append(Array(problem.cluster.utf8))
    }
    guard clusters.count > 1 else { return nil }
    var generator = RandomKey(seed: 0).derive("held-out clusters").generator()
    generator.shuffle(&clusters)
    let count = min(clusters.count - 1, max(1, Int((share * Double(clusters.count)).rounded())))
    let kept = Set(clusters.prefix(count))
    training = problems.filter { !kept.contains(Array($0.cluster.utf8)) }
    heldOut = problems.filter { kept.contains(Array($0.cluster.utf8)) }
  }
}

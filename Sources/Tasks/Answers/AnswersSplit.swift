// Holds out problems for evaluation if there is no separate file.
import KeyedRandom

/// A split by whole clusters, so that problems of one cluster are never on both sides. It depends
/// only on the file, not on the random seed of a run.
struct AnswersSplit {
  let training: [TaskProblem]
  let heldOut: [TaskProblem]

  /// Holds out a fraction of the clusters, at least one; nil if there is only one cluster.
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

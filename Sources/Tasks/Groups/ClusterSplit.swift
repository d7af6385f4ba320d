// Problems, or rollouts, of training and held-out ones.
import KeyedRandom

/// A split by whole clusters, so that elements of one cluster are never on both sides. It depends
/// only on the elements, not on the random seed of a run.
public struct ClusterSplit<Element: Sendable>: Sendable {
  public let training: [Element]
  public let heldOut: [Element]

  /// Holds out a fraction of the clusters, at least one; nil if there is only one cluster.
  public init?(_ elements: [Element], share: Double, cluster: (Element) -> String) {
    // Names are compared by their bytes: canonically equal ones may differ.
    var clusters: [[UInt8]] = []
    var seen: Set<[UInt8]> = []
    for element in elements where seen.insert(Array(cluster(element).utf8)).inserted {
      clusters.append(Array(cluster(element).utf8))
    }
    guard clusters.count > 1 else { return nil }
    var generator = RandomKey(seed: 0).derive("held-out clusters").generator()
    generator.shuffle(&clusters)
    let count = min(clusters.count - 1, max(1, Int((share * Double(clusters.count)).rounded())))
    let kept = Set(clusters.prefix(count))
    training = elements.filter { !kept.contains(Array(cluster($0).utf8)) }
    heldOut = elements.filter { kept.contains(Array(cluster($0).utf8)) }
  }
}

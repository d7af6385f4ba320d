// The agreement of two lexicons on the same text.
import Statistics

/// The confusion of two lexicons over the pieces into which both together cut the responses, and
/// Cohen's kappa.
///
/// Lexicons with the same boundaries are compared thought by thought. If only one of them counts a
/// piece (because of its scope or boundaries), the other's label is `uncounted`. White space and
/// the marks around thinking do not count as pieces.
public struct LexiconAgreement: Sendable {
  /// The label of text that a lexicon does not count.
  public static let uncounted = "uncounted"

  /// The labels of both, in the order of the first lexicon's kinds, then the second's, then
  /// `uncounted`.
  public let labels: [String]
  private let firstLabels: [Int]
  private let secondLabels: [Int]
  /// Pieces by (cluster, first label, second label).
  private var clusters: [[Int]] = []

  /// Nothing compared yet.
  public init(_ first: ThoughtLexicon, _ second: ThoughtLexicon) {
    var labels = first.kindNames
    labels += second.kindNames.filter { !first.kindNames.contains($0) }
    labels.append(Self.uncounted)
    func places(_ names: [String]) -> [Int] {
      names.compactMap { labels.firstIndex(of: $0) } + [labels.count - 1]
    }
    firstLabels = places(first.kindNames)
    secondLabels = places(second.kindNames)
    self.labels = labels
  }

  /// Compares the thoughts that both find in one response.
  public mutating func add(
    _ first: [Thought], _ second: [Thought], of bytes: [UInt8], cluster: Int
  ) {
    while clusters.count <= cluster {
      clusters.append([Int](repeating: 0, count: labels.count * labels.count))
    }
    let cuts = Set((first + second).flatMap { [$0.range.lowerBound, $0.range.upperBound] }).sorted()
    var (own, other) = (first[...], second[...])
    for (start, end) in zip(cuts, cuts.dropFirst()) {
      while let thought = own.first, thought.range.upperBound <= start { own.removeFirst() }
      while let thought = other.first, thought.range.upperBound <= start { other.removeFirst() }
      func label(_ thought: Thought?, _ places: [Int]) -> Int {
        if let thought, thought.range.lowerBound <= start { return places[thought.kind] }
        return labels.count - 1
      }
      let (row, column) = (label(own.first, firstLabels), label(other.first, secondLabels))
      let isCounted = row < labels.count - 1 || column < labels.count - 1
      if isCounted, !isEmpty(bytes, start..<end) {
        clusters[cluster][row * labels.count + column] += 1
      }
    }
  }

  /// Pieces by first label (row) and second label (column), flat.
  public var confusion: [Int] {
    clusters.reduce(into: [Int](repeating: 0, count: labels.count * labels.count)) { sum, own in
      for index in sum.indices { sum[index] += own[index] }
    }
  }

  /// The number of pieces.
  public var pieceCount: Int { confusion.reduce(0, +) }

  /// The fraction of pieces with the same label.
  public var agreement: Interval { interval { Self.shares($0, labels.count).observed } }

  /// Cohen's κ = (p − e)/(1 − e), p the fraction of equal labels and e the fraction expected by
  /// chance from the margins (Educational and Psychological Measurement 20, 1960); NaN where e = 1.
  public var kappa: Interval {
    interval { confusion in
      let (observed, chance) = Self.shares(confusion, labels.count)
      return chance < 1 ? (observed - chance) / (1 - chance) : .nan
    }
  }

  /// Delete-one-cluster jackknife; the ends are cut to the possible values of fractions and κ.
  private func interval(_ statistic: ([Int]) -> Double) -> Interval {
    let total = confusion
    let present = clusters.filter { $0.contains { $0 > 0 } }
    return Jackknife.interval(
      estimate: statistic(total),
      deleteOne: present.map { own in statistic(zip(total, own).map { $0 - $1 }) }
    ).within(-1...1)
  }

  private static func shares(_ confusion: [Int], _ size: Int) -> (observed: Double, chance: Double)
  {
    let total = Double(confusion.reduce(0, +))
    var (observed, chance) = (0.0, 0.0)
    for label in 0..<size {
      observed += Double(confusion[label * size + label])
      let row = (0..<size).reduce(0) { $0 + confusion[label * size + $1] }
      let column = (0..<size).reduce(0) { $0 + confusion[$1 * size + label] }
      chance += Double(row) * Double(column)
    }
    return (observed / total, chance / (total * total))
  }
}

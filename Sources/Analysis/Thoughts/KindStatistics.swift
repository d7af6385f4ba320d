// How often one kind of thought occurs in a set of responses.
import Statistics

/// Counts and rates of a kind, with 95% intervals over clusters.
public struct KindStatistics: Sendable {
  /// Thoughts of the kind.
  public let count: Int
  /// Responses with at least one.
  public let responses: Int
  /// Thoughts per response.
  public let perResponse: Interval
  /// Thoughts per 1,000 tokens (or words): all thoughts over all tokens.
  public let perThousandTokens: Interval
  /// The mean over problems of a problem's thoughts per response, so that problems with many
  /// responses weigh as much as others.
  public let perProblem: Interval

  /// The statistics of the given rows of a table.
  ///
  /// The counts of a kind that never occurs have no spread. The intervals of its rates then end
  /// where Korn and Graubard's interval of the fraction of responses with at least one thought
  /// ends, so that "none in 50 problems" is not 0 to 0.
  init(_ table: ThoughtTable, rows: [Int], kind: Int, bootstrap: BootstrapT) {
    var (count, responses) = (0, 0)
    var perResponse = ClusteredRatio()
    var perToken = ClusteredRatio()
    var problems: [Int: (count: Int, responses: Int, cluster: Int)] = [:]
    for row in rows {
      let own = table.count(row, kind)
      let cluster = table.clusters[row]
      count += own
      responses += own > 0 ? 1 : 0
      perResponse.add(Double(own), per: 1, cluster: cluster)
      perToken.add(1000 * Double(own), per: Double(table.lengths[row]), cluster: cluster)
      problems[table.problems[row], default: (0, 0, cluster)].count += own
      problems[table.problems[row], default: (0, 0, cluster)].responses += 1
    }
    var perProblem = ClusteredRatio()
    // Sorted: sums must not depend on the order of a dictionary.
    for (_, problem) in problems.sorted(by: { $0.key < $1.key }) {
      perProblem.add(
        Double(problem.count) / Double(problem.responses), per: 1, cluster: problem.cluster)
    }
    self.count = count
    self.responses = responses
    if count == 0, !rows.isEmpty {
      let none = ClusteredSample(
        [Double](repeating: 0, count: rows.count), clusters: rows.map { table.clusters[$0] }
      ).fraction()
      self.perResponse = none
      self.perProblem = none
      self.perThousandTokens = none.map { $0 * 1000 * Double(rows.count) / perToken.denominator }
    } else {
      let possible = 0...Double.infinity
      self.perResponse = perResponse.mean(bootstrap).within(possible)
      self.perThousandTokens = perToken.mean(bootstrap).within(possible)
      self.perProblem = perProblem.mean(bootstrap).within(possible)
    }
  }
}

// The mean over pairs (row, column) of a matrix whose rows and columns belong to the same
// clusters: the `cross` control, <g_m(y_i), g_c(y_j|x_j)>.
//
// Each problem is both a row and a column, and its two effects are correlated (g_m and g_c of one y
// are). So rows and columns are not resampled separately: a replicate draws problems, each with its
// rows and columns.

/// A mean over the chosen pairs, with the two-way (dyadic) bootstrap-t interval.
public struct PairMean: Sendable {
  /// The number of pairs chosen.
  public let count: Int
  /// Their mean; NaN when there is none.
  public let mean: Double
  /// The number of clusters that rows and columns belong to.
  public let clusterCount: Int

  // Blocks by (cluster, cluster), flat, symmetrised: entry (p, q) with p != q holds the pairs in
  // either direction, entry (p, p) those within one cluster.
  private let deviations: [Double]  // Σ (x − mean)
  private let counts: [Double]

  /// The pairs of a matrix for which `included` is true and the value is not NaN.
  ///
  /// - Parameters:
  ///   - values: rows × columns, row by row.
  ///   - rows: the cluster label of each row.
  ///   - columns: the cluster label of each column.
  ///   - included: given (row, column), whether the pair belongs to this mean, as in "other
  ///     problem" or "same problem".
  public init<Label: Hashable>(
    values: [Double], rows: [Label], columns: [Label], where included: (Int, Int) -> Bool
  ) {
    precondition(values.count == rows.count * columns.count, "values are rows × columns")
    var places: [Label: Int] = [:]
    for label in rows + columns where places[label] == nil { places[label] = places.count }
    let rowPlaces = rows.map { places[$0] ?? 0 }
    let columnPlaces = columns.map { places[$0] ?? 0 }
    let size = places.count

    var sum = 0.0
    var number = 0
    var chosen = [Bool](repeating: false, count: values.count)
    for row in rows.indices {
      for column in columns.indices {
        let at = row * columns.count + column
        if values[at].isNaN || !included(row, column) { continue }
        chosen[at] = true
        sum += values[at]
        number += 1
      }
    }
    let centre = sum / Double(number)
    var deviations = [Double](repeating: 0, count: size * size)
    var counts = deviations
    for row in rows.indices {
      for column in columns.indices where chosen[row * columns.count + column] {
        let (p, q) = (rowPlaces[row], columnPlaces[column])
        let deviation = values[row * columns.count + column] - centre
        for block in p == q ? [p * size + q] : [p * size + q, q * size + p] {
          deviations[block] += deviation
          counts[block] += 1
        }
      }
    }
    count = number
    mean = centre
    clusterCount = size
    self.deviations = deviations
    self.counts = counts
  }

  /// The mean with its interval; fallbacks as in `BootstrapT.interval`.
  ///
  /// Pairs between two draws of one cluster are left out: they are pairs within the cluster, which
  /// count once per draw.
  ///
  /// Standard error: with D_pq the sum of residuals of the pairs between p and q, and
  /// G_p = Σ_q D_pq, two pairs are dependent when they share a cluster, so
  /// V = (Σ_p G_p² − Σ_{p<q} D_pq²) · P/(P−1) / count² (Aronow, Samii and Assenova, Political
  /// Analysis 23, 2015; the second term takes off what the first counts twice).
  public func interval(_ bootstrap: BootstrapT) -> Interval {
    bootstrap.interval(clusterCount: clusterCount) { drawn in
      var times = [Double](repeating: 0, count: clusterCount)
      for index in drawn { times[index] += 1 }
      let present = times.indices.filter { times[$0] > 0 }
      var total = 0.0
      var number = 0.0
      for p in present {
        total += times[p] * deviations[p * clusterCount + p]
        number += times[p] * counts[p * clusterCount + p]
        for q in present where q > p {
          total += times[p] * times[q] * deviations[p * clusterCount + q]
          number += times[p] * times[q] * counts[p * clusterCount + q]
        }
      }
      let shift = total / number
      var squares = 0.0
      var independent = 0.0
      for p in present {
        // One draw of p against every draw of the others.
        var sum = 0.0
        var twice = 0.0
        var own = 0.0
        for q in present {
          let at = p * clusterCount + q
          let residual = deviations[at] - shift * counts[at]
          if q == p {
            sum += residual
            own = residual * residual
          } else {
            sum += times[q] * residual
            twice += times[q] * residual * residual
          }
        }
        squares += times[p] * (sum * sum - twice / 2)
        independent += times[p] * (own + twice / 2)
      }
      // If clusters hardly matter, the difference can be smaller than the variance of independent
      // pairs, even below 0. The larger of the two is used, so that the interval is not too short.
      squares = max(squares, independent)
      let correction = Double(drawn.count) / Double(max(1, drawn.count - 1))
      return BootstrapT.Estimate(
        value: mean + shift, standardError: (squares * correction).squareRoot() / number)
    }
  }
}

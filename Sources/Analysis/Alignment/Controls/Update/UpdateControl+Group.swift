// The update control's group of the result file, and its statistics.
import Statistics
import Tables

extension UpdateControl {
  public var group: VariableGroup {
    let axes = ["vector_a", "vector_b", "batch_a", "batch_b"]
    return VariableGroup(
      axes: axes.prefix(2).map { Axis($0, "batch vector", .count(vectorNames.count)) }
        + axes.suffix(2).map { Axis($0, "batch", .count(batchCount)) },
      variables: [
        Variable("gram", "inner product of two batch vectors", over: axes, isStored: true) {
          .reals(gram)
        },
        Variable("vector_name", "name of the batch vector", over: ["vector_a"], isStored: true) {
          .texts(vectorNames)
        },
        Variable("batch_rollouts", "rollouts of the batch", over: ["batch_a"], isStored: true) {
          .integers(batchRollouts)
        },
        Variable(
          "batch_tokens", units: "token", "response tokens of the batch", over: ["batch_a"],
          isStored: true
        ) { .integers(batchTokens) },
      ],
      plot: VariableGroup.Plot(signal: "gram", over: axes, title: "Products of batch vectors"),
      groups: Metric.allCases.map { metric in
        (metric.name, { statistics(metric).group })
      })
  }

  public func statistics(
    _ plan: AlignmentPlan, _ bootstrap: BootstrapT
  ) -> [SummaryStatistic] {
    Metric.allCases.flatMap { statistics($0).summary }
  }
}

extension UpdateStatistics {
  /// The statistics of a vector: name, meaning, value.
  private var vectorColumns:
    [(name: String, longName: String, value: @Sendable (Vector) -> Interval)]
  {
    let all: [(name: String, longName: String, value: @Sendable (Vector) -> Interval)] = [
      ("reliability", "reliability of a batch vector", { $0.reliability }),
      ("efficiency", "surrogate efficiency without noise", { $0.efficiency }),
      ("batch_efficiency", "surrogate efficiency at this batch size", { $0.batchEfficiency }),
      (
        "first_token_share", "fraction of a batch vector's squared norm that first tokens make",
        { $0.firstTokenShare }
      ),
    ]
    return metric == .raw ? all : all.dropLast()
  }

  /// The shares of the sign-blind component: name, value, space.
  var driftShares: [(name: String, interval: Interval, space: String)] {
    [
      ("drift_share_marginal", driftShareMarginal, "null-context space"),
      ("drift_share_conditional", driftShareConditional, "prompt space"),
    ]
  }

  /// The group of the metric.
  var group: VariableGroup {
    VariableGroup(
      axes: ["rule", "rule_a", "rule_b"].map { Axis($0, "update rule", .count(vectors.count)) },
      variables: [
        Variable("rule_name", "name of the update rule", over: ["rule"]) {
          .texts(vectors.map(\.name))
        }
      ]
        + vectorColumns.map { column in
          Variable(column.name, column.longName, over: ["rule"]) {
            .intervals(vectors.map(column.value))
          }
        }
        + [
          Variable("corrected_cosine", "noise-corrected cosine", over: ["rule_a", "rule_b"]) {
            .intervals(cosineMatrix)
          }
        ]
        + driftShares.map { share in
          Variable(share.name, "share of the sign-blind push, \(share.space)") {
            .intervals([share.interval])
          }
        },
      plot: VariableGroup.Plot(
        signal: "corrected_cosine", over: ["rule_a", "rule_b"],
        title: "Noise-corrected cosines of update rules, \(metric.title)"))
  }

  /// The statistics of the metric, in its group.
  var summary: [SummaryStatistic] {
    let (metric, title) = (metric.name, metric.title)
    return vectorColumns.flatMap { column in
      vectors.map { vector in
        SummaryStatistic(
          vector.name, column.value(vector), "\(column.longName), \(vector.name) (\(title))",
          in: [metric, column.name])
      }
    }
      + pairs.map { pair in
        SummaryStatistic(
          pair.second, pair.correctedCosine,
          "noise-corrected cosine of \(pair.first) and \(pair.second) (\(title))",
          in: [metric, "cosine", pair.first])
      }
      + driftShares.map { share in
        SummaryStatistic(
          share.name, share.interval,
          "share of the sign-blind push |D|²/(|C|²+|D|²), \(share.space) (\(title))", in: [metric])
      }
  }
}

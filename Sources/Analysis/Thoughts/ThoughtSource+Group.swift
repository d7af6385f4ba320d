// The groups of one rollout file: thoughts by kind, by set of responses and by response.
import Statistics
import Tables

extension ThoughtSource {
  /// The group of the file with the groups `kinds`, `strata` and `samples`.
  func group(_ lexicon: ThoughtLexicon) -> VariableGroup {
    VariableGroup(
      groups: [
        ("kinds", { kindGroup(lexicon) }), ("strata", { stratumGroup(lexicon) }),
        ("samples", { sampleGroup(lexicon) }),
      ],
      attributes: [("default", "kinds"), ("file", path)])
  }

  /// The thoughts of all responses.
  private func kindGroup(_ lexicon: ThoughtLexicon) -> VariableGroup {
    let kinds = strata[0].kinds
    return VariableGroup(
      axes: [lexicon.kindAxis],
      variables: [
        Variable("count", "thoughts", over: ["kind"]) { .integers(kinds.map(\.count)) },
        Variable("responses", "responses with at least one", over: ["kind"]) {
          .integers(kinds.map(\.responses))
        },
      ] + rates(kinds, over: ["kind"]) + [
        Variable("per_problem", "mean over problems of thoughts per response", over: ["kind"]) {
          .intervals(kinds.map(\.perProblem))
        }
      ],
      plot: VariableGroup.Plot(
        signal: "per_response", over: ["kind"], title: "Thoughts per response by kind"))
  }

  /// The sets of responses and their thoughts.
  private func stratumGroup(_ lexicon: ThoughtLexicon) -> VariableGroup {
    let kinds = strata.flatMap(\.kinds)
    let axes = ["stratum", "kind"]
    return VariableGroup(
      axes: [
        lexicon.kindAxis,
        Axis("stratum", "set of responses", names: strata.map(\.name), "name of the set"),
      ],
      variables: [
        Variable("stratum_title", "what belongs to the set", over: ["stratum"]) {
          .texts(strata.map(\.title))
        },
        Variable("responses", "number of responses", over: ["stratum"]) {
          .integers(strata.map(\.responseCount))
        },
        Variable("clusters", "number of independent units", over: ["stratum"]) {
          .integers(strata.map(\.clusterCount))
        },
        Variable("tokens", units: unit.noun, "length of all responses", over: ["stratum"]) {
          .integers(strata.map(\.tokenCount))
        },
        Variable(
          "response_length", units: unit.noun, "length of a response", over: ["stratum"]
        ) { .intervals(strata.map(\.responseLength)) },
        Variable("accuracy", "share of right responses", over: ["stratum"]) {
          .intervals(strata.map(\.accuracy))
        },
        Variable("count", "thoughts", over: axes) { .integers(kinds.map(\.count)) },
      ] + rates(kinds, over: axes),
      plot: VariableGroup.Plot(
        signal: "per_thousand_tokens", over: axes,
        title: "Thoughts per 1,000 \(unit.noun)s by correctness and length"))
  }

  private func rates(_ kinds: [KindStatistics], over axes: [String]) -> [Variable] {
    [
      Variable("per_response", "thoughts per response", over: axes) {
        .intervals(kinds.map(\.perResponse))
      },
      Variable("per_thousand_tokens", "thoughts per 1,000 \(unit.noun)s", over: axes) {
        .intervals(kinds.map(\.perThousandTokens))
      },
    ]
  }

  /// One row per response.
  private func sampleGroup(_ lexicon: ThoughtLexicon) -> VariableGroup {
    let axes = ["sample", "kind"]
    // Ids are kept only where they were asked for.
    let identifiers: [Variable] =
      ids.count == table.responseCount
      ? [Variable("id", "identifier of the rollout", over: ["sample"]) { .texts(ids) }] : []
    return VariableGroup(
      axes: [lexicon.kindAxis, Axis("sample", "rollout", .count(table.responseCount))],
      variables: identifiers + [
        Variable("problem_id", "identifier of the problem", over: ["sample"]) {
          .texts(table.problems.map { problemNames[$0] })
        },
        Variable("cluster", "independent unit", over: ["sample"]) {
          .texts(table.clusters.map { clusterNames[$0] })
        },
        Variable("reward", "reward", over: ["sample"]) { .reals(table.rewards) },
        Variable(
          "response_length", units: unit.noun, "length of the response", over: ["sample"]
        ) { .integers(table.lengths) },
        Variable("count", "thoughts", over: axes) { .smallIntegers(table.counts) },
      ],
      plot: VariableGroup.Plot(
        signal: "count", over: axes, title: "Thoughts of each response by kind"))
  }
}

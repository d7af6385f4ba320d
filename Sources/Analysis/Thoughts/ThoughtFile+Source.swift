// The groups of one rollout file: kinds, strata and samples.
import HDF5
import Tables

extension ThoughtFile {
  func write(_ source: ThoughtSource, _ group: HDF5Group) throws {
    try group.attributes.set("default", to: "kinds")
    try group.attributes.set("file", to: storable(source.path))
    try writeKinds(source, kindGroup(group, "kinds"))
    try writeStrata(source, kindGroup(group, "strata"))
    try writeSamples(source, kindGroup(group, "samples"))
  }

  private func writeKinds(_ source: ThoughtSource, _ group: HDF5Group) throws {
    let kinds = source.strata[0].kinds
    try group.variable("count", kinds.map(\.count), over: ["kind"], longName: "thoughts")
    try group.variable(
      "responses", kinds.map(\.responses), over: ["kind"], longName: "responses with at least one")
    try rates(kinds, group, over: ["kind"], source)
    try group.intervals(
      "per_problem", kinds.map(\.perProblem), over: ["kind"],
      longName: "mean over problems of thoughts per response")
    try group.markAsData(
      signal: "per_response", axes: ["kind"], title: "Thoughts per response by kind")
  }

  private func writeStrata(_ source: ThoughtSource, _ group: HDF5Group) throws {
    let strata = source.strata
    func write<Element: HDF5Element>(
      _ name: String, _ title: String, units: String = "1", _ values: [Element]
    ) throws {
      try group.variable(name, values, over: ["stratum"], units: units, longName: title)
    }
    try group.scale("stratum", count: strata.count, longName: "set of responses")
    try write("stratum_name", "name of the set", strata.map(\.name))
    try write("stratum_title", "what belongs to the set", strata.map(\.title))
    try write("responses", "number of responses", strata.map(\.responseCount))
    try write("clusters", "number of independent units", strata.map(\.clusterCount))
    try write(
      "tokens", "length of all responses", units: source.unit.noun, strata.map(\.tokenCount))
    try group.intervals(
      "response_length", strata.map(\.responseLength), over: ["stratum"],
      units: source.unit.noun, longName: "length of a response")
    try group.intervals(
      "accuracy", strata.map(\.accuracy), over: ["stratum"], longName: "share of right responses")
    let kinds = strata.flatMap(\.kinds)
    try group.variable(
      "count", kinds.map(\.count), over: ["stratum", "kind"], longName: "thoughts")
    try rates(kinds, group, over: ["stratum", "kind"], source)
    try group.markAsData(
      signal: "per_thousand_tokens", axes: ["stratum", "kind"],
      title: "Thoughts per 1,000 \(source.unit.noun)s by correctness and length")
  }

  private func rates(
    _ kinds: [KindStatistics], _ group: HDF5Group, over scales: [String], _ source: ThoughtSource
  ) throws {
    try group.intervals(
      "per_response", kinds.map(\.perResponse), over: scales, longName: "thoughts per response")
    try group.intervals(
      "per_thousand_tokens", kinds.map(\.perThousandTokens), over: scales,
      longName: "thoughts per 1,000 \(source.unit.noun)s")
  }

  private func writeSamples(_ source: ThoughtSource, _ group: HDF5Group) throws {
    let table = source.table
    func write<Element: HDF5Element>(
      _ name: String, _ title: String, units: String = "1", _ values: [Element]
    ) throws {
      try group.variable(name, values, over: ["sample"], units: units, longName: title)
    }
    try group.scale("sample", count: table.responseCount, longName: "rollout")
    if source.ids.count == table.responseCount {
      try write("id", "identifier of the rollout", source.ids.map(storable))
    }
    try write(
      "problem_id", "identifier of the problem",
      table.problems.map { storable(source.problemNames[$0]) })
    try write(
      "cluster", "independent unit", table.clusters.map { storable(source.clusterNames[$0]) })
    try write("reward", "reward", table.rewards)
    try write("response_length", "length of the response", units: source.unit.noun, table.lengths)
    try group.variable("count", table.counts, over: ["sample", "kind"], longName: "thoughts")
    try group.markAsData(
      signal: "count", axes: ["sample", "kind"], title: "Thoughts of each response by kind")
  }
}

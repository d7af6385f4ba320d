// A comparison of runs as a table and as JSON.
import Statistics
import StrictJSON
import Tables

extension RunComparison {
  /// One line an entry and step (all evaluated steps, or the last), and what intervals and p-values
  /// are over.
  public func table(allSteps: Bool, reference: Entry?, resolving resolved: Double? = nil) -> String
  {
    let hasBases = entries.contains { $0.baseCount > 1 }
    let hasModels = statistics.count > Self.statistics.count
    var table = TextTable(
      [
        "run", hasBases ? "bases, runs" : "seeds", "step", "accuracy",
        hasBases ? "95% over bases" : "95% over seeds", "sd", "of seeds", "transitions",
        "fold", "per token",
        "reflections", "fold", "length", "ended", "KL to base", "corpus loss",
      ] + (hasModels ? ["reward model"] : [])
        + (reference.map { ["vs \($0.name)", "95%", "p (Holm)"] } ?? [])
        + (resolved.map { ["seeds for \(significant($0, 2))"] } ?? []))
    for (place, entry) in entries.enumerated() {
      for step in allSteps ? entry.steps : Array(entry.steps.suffix(1)) {
        func cell(_ name: String) -> String {
          guard let statistic = statistics.first(where: { $0.name == name }) else { return "" }
          return fixed(measured(entry, statistic, step).interval.estimate, statistic.decimals)
        }
        let accuracy = measured(entry, Self.statistics[0], step).interval
        let deviations = accuracyDeviations(entry, step)
        var row = [
          entry.name, hasBases ? "\(entry.baseCount), \(entry.runs.count)" : "\(entry.runs.count)",
          "\(step)", fixed(accuracy.estimate, 3),
          accuracy.ends(3), fixed(deviations.seen, 3), fixed(deviations.ofSeeds, 3),
          cell("transitions"), cell("transitions_fold"),
          cell("transitions_per_token_fold"), cell("reflections"), cell("reflections_fold"),
          cell("response_length"), cell("ended"), cell("kl_to_base"), cell("pretraining_loss"),
        ]
        if hasModels { row.append(cell("reward_model")) }
        if let reference {
          let difference = difference(entry, from: reference, step)
          let holm = significance(from: reference, step).holm[place]
          row += [
            fixed(difference.estimate, 3), difference.ends(3),
            holm.isNaN ? "" : significant(holm, 2),
          ]
        }
        if let resolved {
          row.append(fixed(seedsNeeded(entry, from: reference, step, for: resolved), 0))
        }
        table.add(row)
      }
    }
    return ([table.text] + notes(reference: reference, resolving: resolved)).joined(separator: "\n")
  }

  /// What the intervals and p-values of the table are over.
  private func notes(reference: Entry?, resolving resolved: Double?) -> [String] {
    var notes = [
      entries.contains { $0.baseCount > 1 }
        ? "Intervals are over bases, each the mean of its seeds; a row with one base has them over its seeds."
        : "Intervals are over seeds of training from one base: they say nothing about other bases."
    ]
    if let reference {
      let step = entries.compactMap(\.steps.last).min() ?? 0
      let count = significance(from: reference, step).plain.count { !$0.isNaN }
      notes.append(
        "Differences from \(reference.name) are paired by base and seed; p is two-sided, by Holm for the "
          + "\(count) \(count == 1 ? "comparison" : "comparisons") of step \(step).")
    }
    if let resolved, let step = entries.compactMap(\.steps.last).min() {
      let seeds = seedsNeededPooled(from: reference, step, for: resolved)
      notes.append(
        "With the spread of all rows together it takes \(fixed(seeds, 0)) seeds for "
          + "\(significant(resolved, 2)) at step \(step).")
    }
    return notes
  }

  /// Every statistic of every entry and step, with the runs' own values.
  public func json(reference: Entry?, resolving resolved: Double? = nil) -> JSON {
    var bases: [[String]] = []
    for run in entries.flatMap(\.runs) where !bases.contains(run.base) { bases.append(run.base) }
    return .array(
      entries.enumerated().map { place, entry in
        var steps = JSONObject()
        for step in entry.steps {
          var numbers = JSONObject()
          for statistic in statistics {
            let (interval, values) = measured(entry, statistic, step)
            numbers[statistic.name] = interval.json(
              "mean", ["values": .array(values.map { .real($0) })])
          }
          let deviations = accuracyDeviations(entry, step)
          numbers["accuracy_sd"] = .real(deviations.seen)
          numbers["accuracy_sd_of_seeds"] = .real(deviations.ofSeeds)
          if let reference {
            let difference = difference(entry, from: reference, step)
            numbers["accuracy_difference"] = difference.json()
            let significance = significance(from: reference, step)
            numbers["accuracy_difference_p"] = .real(significance.plain[place])
            numbers["accuracy_difference_p_holm"] = .real(significance.holm[place])
            numbers["comparisons"] = .integer(significance.plain.count { !$0.isNaN })
          }
          if let resolved {
            numbers["seeds_needed"] = .real(
              seedsNeeded(entry, from: reference, step, for: resolved))
            numbers["seeds_needed_pooled"] = .real(
              seedsNeededPooled(from: reference, step, for: resolved))
          }
          steps["\(step)"] = .object(numbers)
        }
        return [
          "run": .string(entry.name), "seeds": .array(entry.runs.map { .integer($0.seed) }),
          "bases": .integer(entry.baseCount),
          "base_of_run": .array(entry.runs.map { .integer(bases.firstIndex(of: $0.base) ?? 0) }),
          "config": entry.runs[0].configuration,
          "steps": .object(steps),
        ]
      })
  }
}

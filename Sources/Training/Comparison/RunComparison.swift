// Training runs side by side: the same configuration over seeds is one entry.
import Foundation
import Runs
import Statistics
import StrictJSON
import Tables

/// What runs reached at their evaluations. Intervals are Student's (95%).
///
/// Where all runs of an entry started from one model, they are over seeds and hold for other seeds
/// of training from this model, on the same held-out problems. Where they started from several,
/// seeds are nested: the seeds of a model are averaged, and intervals are over models. A run's own
/// intervals over number sets are in its `evaluation.jsonl`.
public struct RunComparison {
  /// The evaluation lines of one run, by step.
  public struct Run {
    public let path: String
    public let seed: Int
    /// The configuration without its seed.
    public let configuration: JSON
    /// The hashes of the files of the model that training started from.
    public let base: [String]
    public let evaluations: [Int: JSONObject]

    /// The names of the files that are read of a run's folder.
    public static let files = ["manifest.json", "evaluation.jsonl"]

    /// Reads `manifest.json` and `evaluation.jsonl` of a run's folder.
    ///
    /// - Throws: `OutputError` where they are absent or broken.
    public init(_ path: String) throws(OutputError) {
      self.path = path
      func bytes(_ name: String) throws(OutputError) -> [UInt8] {
        guard let data = FileKind.contents(ofFile: "\(path)/\(name)") else {
          throw .usage(
            "\(path)/\(name)", "there is no such file (expected the folder of a training run)")
        }
        return [UInt8](data)
      }
      let text = try bytes("manifest.json")
      guard let manifest = try? JSON.parse(text).objectValue,
        var object = manifest["config"]?.objectValue, let seed = object["seed"]?.intValue
      else {
        throw .usage(
          "\(path)/manifest.json",
          "has no configuration with a seed (expected that of a training run)")
      }
      self.seed = seed
      object["seed"] = nil
      configuration = .object(object)
      let inputs = manifest["inputs"]?.arrayValue?.compactMap(\.objectValue) ?? []
      base = inputs.filter { $0["role"] == "model" }.compactMap { $0["sha256"]?.stringValue }
      var lines: [Int: JSONObject] = [:]
      for (number, line) in try bytes("evaluation.jsonl").split(separator: UInt8(ascii: "\n"))
        .enumerated()
      {
        guard let object = try? JSON.parse(Array(line)).objectValue,
          let step = object["step"]?.intValue
        else {
          throw .usage(
            "\(path)/evaluation.jsonl:\(number + 1)",
            "broken (expected an evaluation with its step)")
        }
        guard lines.updateValue(object, forKey: step) == nil else {
          throw .usage(
            "\(path)/evaluation.jsonl:\(number + 1)", "step \(step) again (expected each step once)"
          )
        }
      }
      evaluations = lines
    }

    /// A statistic of a step; NaN where there is none.
    public func value(_ name: String, _ step: Int) -> Double {
      evaluations[step]?[name]?.doubleValue ?? .nan
    }
  }

  /// Runs that differ in their seeds and in the models that they started from alone.
  public struct Entry {
    /// The folders' common name.
    public let name: String
    /// By model, in the order of their first runs, and by seed.
    public let runs: [Run]

    /// The runs of each model, as places in `runs`.
    var placesByBase: [Range<Int>] {
      var places: [Range<Int>] = []
      for (place, run) in runs.enumerated() {
        if let last = places.last, runs[last.lowerBound].base == run.base {
          places[places.count - 1] = last.lowerBound..<place + 1
        } else {
          places.append(place..<place + 1)
        }
      }
      return places
    }

    /// The number of models that the runs started from.
    public var baseCount: Int { placesByBase.count }

    /// One number a run in, the independent numbers out: seeds of one model, or the means of several
    /// models. NaN is left out.
    func independent(_ values: [Double]) -> [Double] {
      let groups = placesByBase.map { places in values[places].filter { !$0.isNaN } }
      return groups.count == 1 ? groups[0] : groups.filter { !$0.isEmpty }.map(Self.average)
    }

    static func average(_ values: [Double]) -> Double {
      values.reduce(0, +) / Double(values.count)
    }

    /// The steps at which every run was evaluated.
    public var steps: [Int] {
      let common = runs.dropFirst().reduce(Set(runs[0].evaluations.keys)) {
        $0.intersection($1.evaluations.keys)
      }
      return common.sorted()
    }
  }

  public let entries: [Entry]

  /// Reads the folders of runs; entries are in the order of their first runs.
  ///
  /// - Throws: `OutputError` for what is no run, a run that is given twice, and runs that were evaluated
  ///   on other problems.
  public init(_ paths: [String]) throws(OutputError) {
    var groups: [(configuration: JSON, runs: [Run])] = []
    for run in try paths.map(Run.init(_:)) {
      if let place = groups.firstIndex(where: { $0.configuration == run.configuration }) {
        if let twin = groups[place].runs.first(where: {
          $0.seed == run.seed && $0.base == run.base
        }) {
          throw .usage(
            run.path, "is \(twin.path) again, seed \(run.seed) (expected each run once)")
        }
        groups[place].runs.append(run)
      } else {
        groups.append((run.configuration, [run]))
      }
    }
    entries = groups.map { _, runs in
      var bases: [[String]] = []
      for run in runs where !bases.contains(run.base) { bases.append(run.base) }
      let sorted = bases.flatMap { base in
        runs.filter { $0.base == base }.sorted { $0.seed < $1.seed }
      }
      return Entry(name: Self.name(runs), runs: sorted)
    }
    for entry in entries {
      guard !entry.steps.isEmpty else {
        throw .usage(
          entry.runs[0].path,
          "no step was evaluated in every seed of \(entry.name) "
            + "(expected runs with evaluate_every above 0 that have begun)")
      }
      for key in ["task", "evaluation_problems", "evaluation_samples"] {
        let (first, own) = (entries[0].runs[0], entry.runs[0])
        let expected = first.configuration.objectValue?[key]
        let found = own.configuration.objectValue?[key]
        guard found == expected else {
          throw .usage(
            own.path,
            "evaluated with \(key) \(found?.text() ?? "absent") (expected "
              + "\(expected?.text() ?? "absent"), as in \(first.path): the same held-out problems)")
        }
      }
    }
  }

  /// The folders' common name: `grpo` of `grpo-s0` and `grpo-s1`, or of `grpo-b0-s0` and `grpo-b1-s0`.
  private static func name(_ runs: [Run]) -> String {
    // Each run's own seed first: `-s1` is no part of the name of `-s10` and `-s11`.
    let names = runs.map { run in
      let name = URL(fileURLWithPath: run.path).lastPathComponent
      return name.hasSuffix("-s\(run.seed)") ? String(name.dropLast("-s\(run.seed)".count)) : name
    }
    var name = names.dropFirst().reduce(names[0]) { $0.commonPrefix(with: $1) }
    if let place = name.range(of: "-b[0-9]*$", options: .regularExpression),
      Set(names).count > 1
    {
      name = String(name[..<place.lowerBound])
    }
    return name.isEmpty ? "run" : name
  }

  /// A base's values of a statistic at step 0, one a seed: of all runs that started from this model,
  /// whatever their rule.
  private func baseValues(_ base: [String], _ statistic: (Run, Int) -> Double) -> [Double] {
    let runs = entries.flatMap(\.runs).filter { $0.base == base }
    let known = runs.map { (seed: $0.seed, value: statistic($0, 0)) }.filter { $0.value.isFinite }
    return Set(known.map(\.seed)).sorted().map { seed in
      Entry.average(known.filter { $0.seed == seed }.map(\.value))
    }
  }

  /// The mean over seeds divided by the base's mean over seeds, with Student's interval for a ratio of two
  /// independent means (delta method; degrees of freedom by Welch and Satterthwaite).
  static func fold(_ values: [Double], over base: [Double]) -> Interval {
    func meanAndError(_ values: [Double]) -> (mean: Double, square: Double, degrees: Double) {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, values.count > 1 ? squares / (count - 1) / count : 0, count - 1)
    }
    let (own, other) = (meanAndError(values), meanAndError(base))
    let ratio = own.mean / other.mean
    let parts = (own.square, ratio * ratio * other.square)
    let square = parts.0 + parts.1
    guard values.count > 1, base.count > 1, square > 0, ratio.isFinite else {
      return Interval(withoutInterval: ratio)
    }
    let degrees =
      square * square
      / (parts.0 * parts.0 / own.degrees + parts.1 * parts.1 / other.degrees)
    let half = StudentT.quantile(0.975, degrees: degrees) * square.squareRoot() / abs(other.mean)
    return Interval(estimate: ratio, low: ratio - half, high: ratio + half)
  }

  /// Mean of one number a seed with Student's interval; none for one seed or without spread.
  static func mean(_ values: [Double]) -> Interval {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    guard values.count > 1, variance > 0 else { return Interval(withoutInterval: mean) }
    let half = StudentT.quantile(0.975, degrees: count - 1) * (variance / count).squareRoot()
    return Interval(estimate: mean, low: mean - half, high: mean + half)
  }

  // MARK: - Statistics

  /// A column: the value of one run at a step, or its fold change.
  struct Statistic: Sendable {
    let name: String
    let decimals: Int
    let value: @Sendable (Run, Int) -> Double
    /// Whether the value is divided by that of the base, pooled over seeds and runs.
    var isFold = false

    init(_ name: String, _ decimals: Int, _ value: @escaping @Sendable (Run, Int) -> Double) {
      self.name = name
      self.decimals = decimals
      self.value = value
    }

    init(_ name: String, _ decimals: Int, _ key: String) {
      self.init(name, decimals) { $0.value(key, $1) }
    }

    var fold: Statistic {
      var fold = self
      fold.isFold = true
      return fold
    }
  }

  static let statistics: [Statistic] = [
    Statistic("accuracy", 3, "accuracy"), Statistic("transitions", 2, "transitions"),
    Statistic("reflections", 2, "reflections"),
    Statistic("response_length", 1, "response_length"), Statistic("ended", 3, "ended"),
    Statistic("kl_to_base", 2, "kl_to_base"),
    Statistic("pretraining_loss", 3, "pretraining_loss"),
    Statistic("transitions_fold", 1, "transitions").fold,
    Statistic("reflections_fold", 1, "reflections").fold,
    Statistic("transitions_per_token_fold", 1) {
      $0.value("transitions", $1) / $0.value("response_length", $1)
    }.fold,
  ]

  /// A statistic of an entry, with the runs' own values.
  func measured(
    _ entry: Entry, _ statistic: Statistic, _ step: Int
  ) -> (interval: Interval, values: [Double]) {
    let values = entry.runs.map { statistic.value($0, step) }
    guard statistic.isFold else { return (Self.mean(entry.independent(values)), values) }
    var folds: [Interval] = []
    var ownFolds: [Double] = []
    for places in entry.placesByBase {
      let base = baseValues(entry.runs[places.lowerBound].base, statistic.value)
      folds.append(Self.fold(Array(values[places]), over: base))
      ownFolds += values[places].map { $0 / Entry.average(base) }
    }
    return (folds.count == 1 ? folds[0] : Self.mean(folds.map(\.estimate)), ownFolds)
  }

  /// The standard deviation of the accuracy between the seeds of a base: what is seen, and what is left
  /// of it without the noise of the evaluations, 0 if nothing is. NaN for one seed; the second where that
  /// noise is not known.
  func accuracyDeviations(_ entry: Entry, _ step: Int) -> (seen: Double, ofSeeds: Double) {
    let values = entry.runs.map { $0.value("accuracy", step) }
    var (squares, degrees) = (0.0, 0)
    for places in entry.placesByBase {
      let mean = Entry.average(Array(values[places]))
      squares += values[places].reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      degrees += places.count - 1
    }
    guard degrees > 0 else { return (.nan, .nan) }
    let variance = squares / Double(degrees)
    let noise = entry.runs.map { $0.value("accuracy_noise", step) }
    let ofNoise = noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count)
    return (
      variance.squareRoot(), ofNoise.isNaN ? .nan : max(0, variance - ofNoise).squareRoot()
    )
  }

  /// Accuracy less that of the reference at the same step, paired by base and seed: one number a seed of
  /// one base, or a base's mean.
  private func differences(_ entry: Entry, from reference: Entry, _ step: Int) -> [Double] {
    entry.independent(
      entry.runs.map { run in
        reference.runs.first { $0.seed == run.seed && $0.base == run.base }
          .map { run.value("accuracy", step) - $0.value("accuracy", step) } ?? .nan
      })
  }

  /// Their mean.
  public func difference(_ entry: Entry, from reference: Entry, _ step: Int) -> Interval {
    let pairs = differences(entry, from: reference, step)
    return pairs.isEmpty ? .undefined : Self.mean(pairs)
  }

  /// Two-sided p-values of the paired differences of all entries from the reference at a step (t-tests),
  /// and the same by Holm for their number. NaN for the reference itself and without spread.
  func significance(from reference: Entry, _ step: Int) -> (plain: [Double], holm: [Double]) {
    let plain = entries.map { entry -> Double in
      let pairs = differences(entry, from: reference, step)
      guard pairs.count > 1, entry.runs[0].path != reference.runs[0].path else { return .nan }
      let mean = Entry.average(pairs)
      let squares = pairs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let degrees = Double(pairs.count - 1)
      guard squares > 0 else { return .nan }
      let t = mean / (squares / degrees / Double(pairs.count)).squareRoot()
      return 2 * StudentT.cumulative(-abs(t), degrees: degrees)
    }
    return (plain, Holm.adjusted(plain))
  }

  /// Seeds (bases, where an entry has several) of each of two sides that tell a difference in accuracy
  /// from 0 at the 5% level (two-sided) with 80% power, if deviations between them are those seen: of the
  /// paired differences with a reference, else of two sides like this entry, independent of one another.
  /// Rests on a standard deviation of few seeds. NaN without one.
  public func seedsNeeded(
    _ entry: Entry, from reference: Entry?, _ step: Int, for difference: Double
  ) -> Double {
    let (squares, degrees) = spread(entry, from: reference, step)
    return Self.seedsNeeded(variance: squares / degrees, isPaired: reference != nil, difference)
  }

  /// The same for the variance of all entries together: that of one entry rests on few seeds, and the
  /// smallest of several is luck. The reference has no part in paired differences.
  public func seedsNeededPooled(
    from reference: Entry?, _ step: Int, for difference: Double
  ) -> Double {
    let spreads = entries.filter { $0.name != reference?.name && $0.steps.contains(step) }
      .map { spread($0, from: reference, step) }.filter { $0.degrees > 0 }
    let variance =
      spreads.reduce(0) { $0 + $1.squares } / spreads.reduce(0) { $0 + $1.degrees }
    return Self.seedsNeeded(variance: variance, isPaired: reference != nil, difference)
  }

  /// Squared deviations of a difference between two sides, and their degrees of freedom.
  private func spread(
    _ entry: Entry, from reference: Entry?, _ step: Int
  ) -> (squares: Double, degrees: Double) {
    let values =
      reference.map { differences(entry, from: $0, step) }
      ?? entry.independent(entry.runs.map { 2.0.squareRoot() * $0.value("accuracy", step) })
    let mean = Entry.average(values)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, Double(values.count - 1))
  }

  private static func seedsNeeded(
    variance: Double, isPaired: Bool, _ difference: Double
  ) -> Double {
    guard variance > 0, variance.isFinite else { return .nan }
    // n ≥ ((t_.975 + t_.8) s/δ)² with n − 1 degrees of freedom (paired) or 2n − 2.
    for count in 2...1_000_000 {
      let degrees = Double(isPaired ? count - 1 : 2 * count - 2)
      let reach =
        StudentT.quantile(0.975, degrees: degrees) + StudentT.quantile(0.8, degrees: degrees)
      if Double(count) >= reach * reach * variance / (difference * difference) {
        return Double(count)
      }
    }
    return .infinity
  }

  /// One line an entry and step (all evaluated steps, or the last), and what intervals and p-values
  /// are over.
  public func table(allSteps: Bool, reference: Entry?, resolving resolved: Double? = nil) -> String
  {
    let hasBases = entries.contains { $0.baseCount > 1 }
    var table = TextTable(
      [
        "run", hasBases ? "bases, runs" : "seeds", "step", "accuracy",
        hasBases ? "95% over bases" : "95% over seeds", "sd", "of seeds", "transitions",
        "fold", "per token",
        "reflections", "fold", "length", "ended", "KL to base", "corpus loss",
      ] + (reference.map { ["vs \($0.name)", "95%", "p (Holm)"] } ?? [])
        + (resolved.map { ["seeds for \(significant($0, 2))"] } ?? []))
    for (place, entry) in entries.enumerated() {
      for step in allSteps ? entry.steps : Array(entry.steps.suffix(1)) {
        func cell(_ name: String) -> String {
          guard let statistic = Self.statistics.first(where: { $0.name == name }) else { return "" }
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
          for statistic in Self.statistics {
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

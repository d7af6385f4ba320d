// Training runs side by side: the same configuration over seeds is one entry.
import Foundation
import Runs
import StrictJSON

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
}

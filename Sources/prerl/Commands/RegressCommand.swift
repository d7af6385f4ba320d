// `prerl regress`: fresh numbers against committed baselines.
import ArgumentParser
import Foundation
import Runs
import StrictJSON
import Tables

struct RegressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regress",
    abstract:
      "Measure again and compare with baselines; exit status 1 if a tolerance is exceeded.",
    discussion: """
      A baseline is a JSON file. It states what to measure and gives, for each quantity, a value, \
      a tolerance and the reason for the tolerance. Without arguments, every \
      results/baselines/*.json is measured on the embedded checkpoint and compared. --update \
      stores the new values and keeps the replaced ones in each quantity's history.

      Example: prerl regress --model DIR --update my-baseline.json
      """)

  @Argument(
    help: ArgumentHelp(
      "The baseline files (default: results/baselines/*.json).", valueName: "baseline"))
  var baselines: [String] = []

  @Option(
    help: ArgumentHelp(
      "Compare the numbers of this file instead of measuring. It is a JSON object, nested like "
        + "summary.json. Give exactly one baseline; its quantities that the file lacks fail.",
      valueName: "file.json"))
  var numbers: String?

  @Option(
    help: ArgumentHelp(
      "Measure these rollouts instead of the baseline's.", valueName: "file.jsonl"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp(
      "Use this null context instead of the baseline's.", valueName: "context"))
  var nullContext: String?

  @Flag(help: "Write the new values into the baselines.")
  var update = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, threadOptions, printOptions, progressOptions)
  }

  func validate() throws {
    if numbers != nil,
      rollouts != nil || nullContext != nil || common.model != nil || common.adapter != nil
    {
      throw ValidationError(
        "--numbers and --rollouts, --null-context, --model or --adapter contradict each other")
    }
    if update, rollouts != nil || nullContext != nil {
      throw ValidationError(
        "--update and --rollouts or --null-context contradict each other (expected them in the "
          + "baseline)")
    }
  }

  func run() throws {
    let paths = try baselines.isEmpty ? Self.committed() : baselines
    if numbers != nil, paths.count != 1 {
      throw CommandFailure.usage(
        "--numbers: there are \(paths.count) baselines (expected one to compare with)")
    }
    let given = try numbers.map(Self.numbers)
    var worst: (path: String, row: BaselineComparison.Row)?
    var (count, failed) = (0, 0)
    var results: [JSON] = []
    // All files are read before anything is measured, so that a malformed one is reported at once.
    let files = try paths.map { path in
      let file = try ConfigurationFile(path: path)
      return (
        path,
        try file.decode { (reader) throws(JSONValueError) in
          try Baseline(reading: &reader)
        }
      )
    }
    for (path, baseline) in files {
      let fresh =
        try given
        ?? RegressionMeasurement(common: common, nullContext: nullContext, rollouts: rollouts)
        .quantities(
          baseline.measurement,
          in: URL(fileURLWithPath: path).deletingLastPathComponent().path)
      let comparison = BaselineComparison(
        baseline, fresh: fresh.map { ($0.name, $0.value) }, ignoringOthers: given != nil)
      count += comparison.rows.count
      failed += comparison.failures.count
      if let row = comparison.failures.first, row.distance >= worst?.row.distance ?? 0 {
        worst = (path, row)
      }
      results.append(Self.json(path, comparison))
      if !common.json { try Console.print(Self.table(path, baseline, comparison) + "\n") }
      if update {
        var updated = baseline
        updated.update(to: fresh, source: ["replaced_by_version": .string(Prerl.version)])
        try AtomicFile.publish(
          updated.json.text(indent: 2) + "\n", to: path, overwrite: true)
      }
    }
    if common.json { try Console.print(JSON.array(results).text()) }
    guard let worst, !update else {
      if !common.json {
        try Console.print(
          update
            ? "\(failed) of \(count) quantities were beyond their tolerance; the baselines now hold "
              + "the fresh values"
            : "\(count) quantities within their tolerances")
      }
      return
    }
    throw CommandFailure.check(
      "\(worst.path): \(worst.row.name) is \(significant(worst.row.fresh, 8)), "
        + "\(significant(worst.row.distance, 3)) tolerances away (expected "
        + "\(significant(worst.row.baseline, 8)) within \(significant(worst.row.tolerance, 3))); "
        + "\(failed) of \(count) quantities fail")
  }

  /// The committed baselines; the current folder must be the package's.
  private static func committed() throws -> [String] {
    let folder = "results/baselines"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let paths = names.filter { $0.hasSuffix(".json") }.sorted().map { "\(folder)/\($0)" }
    guard !paths.isEmpty else {
      throw CommandFailure.usage(
        "\(folder): there are no baselines here (expected to be started in the package's folder, "
          + "or the names of baselines)")
    }
    return paths
  }

  /// The numbers of a JSON file, nested keys joined by dots.
  private static func numbers(_ path: String) throws -> [Baseline.Quantity] {
    var quantities: [Baseline.Quantity] = []
    func collect(_ json: JSON, _ prefix: String) {
      for (key, value) in json.objectValue?.members ?? [] {
        let name = prefix.isEmpty ? key : "\(prefix).\(key)"
        if let number = value.doubleValue {
          quantities.append(
            Baseline.Quantity(name: name, value: number, tolerance: 0, reason: "given"))
        } else {
          collect(value, name)
        }
      }
    }
    collect(try ConfigurationFile(path: path).json, "")
    return quantities
  }

  private static func table(
    _ path: String, _ baseline: Baseline, _ comparison: BaselineComparison
  ) -> String {
    var table = TextTable(
      ["quantity", "baseline", "now", "tolerance", "distance", "", "reason"], numbers: 1..<5)
    for row in comparison.rows {
      table.add([
        row.name, significant(row.baseline, 7), significant(row.fresh, 7),
        significant(row.tolerance, 2), fixed(row.distance, 2), row.distance > 1 ? "FAIL" : "",
        row.reason,
      ])
    }
    return "\(path): \(baseline.title)\n\(table.text)"
  }

  private static func json(_ path: String, _ comparison: BaselineComparison) -> JSON {
    var quantities = JSONObject()
    for row in comparison.rows {
      quantities[row.name] = [
        "baseline": .real(row.baseline), "value": .real(row.fresh),
        "tolerance": .real(row.tolerance), "distance": .real(row.distance),
        "passes": .bool(row.distance <= 1),
      ]
    }
    return ["baseline": .string(path), "quantities": .object(quantities)]
  }
}

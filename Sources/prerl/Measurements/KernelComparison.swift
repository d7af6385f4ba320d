// The rates of the model with each of OpenBLAS's kernels that this processor can execute.
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables

/// `prerl bench` in a process of its own for each kernel, since OpenBLAS chooses kernels once, when it is loaded.
struct KernelComparison {
  /// A kernel of OpenBLAS, and the instructions that it needs.
  private static let kernels: [(name: String, instructions: Set<String>)] = [
    ("Nehalem", ["sse4_2"]), ("Sandybridge", ["avx"]), ("Haswell", ["avx2", "fma"]),
    ("Zen", ["avx2", "fma"]), ("SkylakeX", ["avx512f", "avx512dq", "avx512bw", "avx512vl"]),
    ("Cooperlake", ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_bf16"]),
  ]

  /// Says where OpenBLAS is known to choose slow kernels by itself.
  ///
  /// With Cooperlake's, Intel's Sapphire and Emerald Rapids (which have `amx_tile`) ran `align` at a third to a fifth of
  /// the rate with SkylakeX's.
  static func warn(_ options: CommonOptions) {
    guard !options.quiet, BLAS.core == "Cooperlake",
      ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil,
      Machine.current().instructionSets.contains("amx_tile")
    else { return }
    Console.note(
      "prerl: warning: OpenBLAS's Cooperlake kernels are slow on this processor (expected "
        + "OPENBLAS_CORETYPE=SkylakeX; prerl bench --kernels measures)")
  }

  /// A faster kernel is recommended from this ratio on: less may be noise.
  private static let margin = 1.1

  /// The stages that are compared.
  private static let stages: [(prefix: String, title: String)] = [
    ("alignment, auto", "align"), ("gradient of a batch", "gradient"), ("decoding", "decode"),
  ]

  /// What one kernel did; nil for a process that failed.
  struct Row {
    let kernel: String
    /// Rates of a number of threads: samples a second of each stage.
    let rates: [(threads: Int, samples: [Double])]?
  }

  /// The kernel in use: OpenBLAS's own choice, or that of OPENBLAS_CORETYPE.
  let chosen: String
  private(set) var rows: [Row] = []

  /// - Parameters:
  ///   - chosen: The kernel in use.
  ///   - arguments: Of `prerl bench`, without `--kernels`.
  ///   - begin: Called with each kernel's name and its share of the work before it.
  init(chosen: String, arguments: [String], begin: (String, Double) -> Void) throws {
    self.chosen = chosen
    let available = Set(Machine.current().instructionSets)
    var kernels = Self.kernels.filter { $0.instructions.isSubset(of: available) }.map(\.name)
    if !kernels.contains(chosen) { kernels.append(chosen) }
    for (place, kernel) in kernels.enumerated() {
      begin(kernel, Double(place) / Double(kernels.count))
      try Interruption.check()
      rows.append(Row(kernel: kernel, rates: try Self.measure(kernel, arguments)))
    }
    guard rows.contains(where: { $0.rates != nil }) else {
      throw CommandFailure.machine(
        "bench failed with every kernel (expected rates; see prerl bench)")
    }
  }

  private static func measure(
    _ kernel: String, _ arguments: [String]
  ) throws -> [(threads: Int, samples: [Double])]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["bench", "--json", "--quiet"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["OPENBLAS_CORETYPE": kernel]
    ) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try Interruption.check()
    guard process.terminationReason == .exit, process.terminationStatus == 0,
      let object = try JSON.parse([UInt8](bytes)).objectValue,
      // OpenBLAS chooses by itself where it has not been built with these kernels.
      object["blas_core"]?.stringValue?.lowercased() == kernel.lowercased(),
      let rates = object["rates"]?.arrayValue?.compactMap(\.objectValue)
    else { return nil }
    let threads = Set(rates.compactMap { $0["threads"]?.intValue }).sorted()
    return threads.map { count in
      let own = rates.filter { $0["threads"]?.intValue == count }
      let samples = stages.map { stage in
        own.first { $0["stage"]?.stringValue?.hasPrefix(stage.prefix) ?? false }?[
          "samples_per_second"]?.doubleValue ?? .nan
      }
      return (count, samples)
    }
  }

  // MARK: - Reports

  /// The rates with most threads: kernel and samples a second of each stage.
  private var last: [(kernel: String, samples: [Double])] {
    rows.compactMap { row in row.rates?.last.map { (row.kernel, $0.samples) } }
  }

  /// The fastest kernel of each stage, and its rate over that of the chosen kernel.
  private var fastest: [(stage: String, kernel: String, ratio: Double)] {
    let own = last.first { $0.kernel == chosen }
    return Self.stages.enumerated().compactMap { place, stage in
      guard let best = last.max(by: { $0.samples[place] < $1.samples[place] }) else { return nil }
      return (
        stage.title, best.kernel, best.samples[place] / (own?.samples[place] ?? .nan)
      )
    }
  }

  var text: String {
    var table = TextTable(
      ["kernels", "threads"] + Self.stages.map { "\($0.title), samples/s" })
    for row in rows {
      let name = row.kernel + (row.kernel == chosen ? " (in use)" : "")
      guard let rates = row.rates else {
        table.add([name, "-"] + Self.stages.map { _ in "failed" })
        continue
      }
      for rate in rates {
        table.add([name, String(rate.threads)] + rate.samples.map { significant($0, 3) })
      }
    }
    var lines = [table.text, ""]
    for best in fastest {
      lines.append(
        best.kernel == chosen || best.ratio < Self.margin
          ? "\(best.stage): what is in use is the fastest, or within 10% of it"
          : "\(best.stage): export OPENBLAS_CORETYPE=\(best.kernel)"
            + (best.ratio.isNaN
              ? "" : " is \(significant(best.ratio, 2)) times as fast as what is in use"))
    }
    lines.append("Kernels round differently: results agree bit for bit with the same kernels only.")
    return lines.joined(separator: "\n")
  }

  var json: JSON {
    [
      "chosen": .string(chosen),
      "kernels": .array(
        rows.map { row in
          [
            "kernel": .string(row.kernel),
            "rates": row.rates.map { rates in
              .array(
                rates.map { rate in
                  var object: JSONObject = ["threads": .integer(rate.threads)]
                  for (stage, value) in zip(Self.stages, rate.samples) {
                    object[stage.title] = .real(value)
                  }
                  return .object(object)
                })
            } ?? .null,
          ]
        }),
      "fastest": .array(
        fastest.map {
          ["stage": .string($0.stage), "kernel": .string($0.kernel), "ratio": .real($0.ratio)]
        }),
    ]
  }
}

// `prerl export`: a result file for programs that do not read HDF5.
import ArgumentParser
import HDF5
import Runs
import StrictJSON
import Tables

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the groups of a result file as CSV or NPZ.",
    discussion: """
      CSV: a folder with one table for the variables of a group that share their axes, long form \
      for several axes, and scalars.csv. NPZ: one archive for numpy.load, samples/cosine under the \
      name samples.cosine.

      Example: prerl export alignment.h5 --csv tables --group samples --group summary
      """)

  @Argument(help: ArgumentHelp("The result file.", valueName: "file.h5"))
  var file: String

  @Option(help: ArgumentHelp("A folder of CSV files to make.", valueName: "dir"))
  var csv: String?

  @Option(help: ArgumentHelp("An NPZ file to make.", valueName: "file.npz"))
  var npz: String?

  @Option(
    name: .customLong("group"),
    help: ArgumentHelp("Only this group or dataset, repeatable (default: all).", valueName: "path"))
  var groups: [String] = []

  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  var common: CommonOptions {
    CommonOptions(printOptions, overwriteOptions)
  }

  func validate() throws {
    if csv == nil, npz == nil {
      throw ValidationError("nothing to write (expected --csv DIR or --npz FILE)")
    }
  }

  func run() throws {
    var written: JSONObject = [:]
    try HDF5File.reportingCrashes(
      as: "prerl: \(file): damaged (expected an intact HDF5 file)", status: 2
    ) {
      try AtomicFile.check(
        [npz].compactMap(\.self), inputs: [file], overwrite: common.overwrite)
      if let csv {
        let names = try CSVExport.write(
          file, names: groups, to: csv, overwrite: common.overwrite)
        written["csv"] = .array(names.map { .string("\(csv)/\($0)") })
      }
      if let npz {
        var count = 0
        try AtomicFile.publish(npz, overwrite: common.overwrite) { temporary in
          count = try NPZExport.write(file, names: groups, to: temporary)
        }
        written["npz"] = .string(npz)
        written["arrays"] = .integer(count)
      }
    }
    if common.json { return try Console.print(JSON.object(written).text(indent: 2)) }
    for name in written["csv"]?.arrayValue ?? [] { try Console.print(name.stringValue ?? "") }
    if let npz { try Console.print("\(npz): \(written["arrays"]?.intValue ?? 0) arrays") }
  }
}

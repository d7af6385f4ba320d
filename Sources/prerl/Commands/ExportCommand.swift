// `prerl export`: a result file for programs that do not read HDF5.
import ArgumentParser
import Runs
import StrictJSON
import Tables

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the groups of a result file as CSV or NPZ.",
    discussion: """
      --csv makes a folder. Variables of a group that have the same axes share one table (in long \
      form if they have several axes), and single values go into scalars.csv. --npz makes one \
      archive for numpy.load, in which samples/cosine is named samples.cosine.

      Example: prerl export alignment.h5 --csv tables --group samples --group summary
      """)

  @Argument(help: ArgumentHelp("The result file.", valueName: "file.h5"))
  var file: String

  @Option(help: ArgumentHelp("Write CSV files into this folder.", valueName: "dir"))
  var csv: String?

  @Option(help: ArgumentHelp("Write this NPZ file.", valueName: "file.npz"))
  var npz: String?

  @Option(
    name: .customLong("group"),
    help: ArgumentHelp(
      "Export only this group or dataset, repeatable (default: all).", valueName: "path"))
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
    var omissions: [String] = []
    try readingResults([file]) {
      try common.checkOutputs([npz], inputs: [file])
      if let csv {
        let export = try CSVExport.write(
          file, names: groups, to: csv, overwrite: common.overwrite)
        written["csv"] = .array(export.files.map { .string("\(csv)/\($0)") })
        omissions = export.omissions
      }
      if let npz {
        var count = 0
        try AtomicFile.publish(npz, overwrite: common.overwrite) { temporary in
          (count, omissions) = try NPZExport.write(file, names: groups, to: temporary)
        }
        written["npz"] = .string(npz)
        written["arrays"] = .integer(count)
      }
    }
    noteIncompleteness(of: file)
    if !omissions.isEmpty {
      Console.note("prerl: \(file): not exported: \(omissions.joined(separator: ", "))")
    }
    if common.json { return try Console.print(JSON.object(written).text(indent: 2)) }
    for name in written["csv"]?.arrayValue ?? [] { try Console.print(name.stringValue ?? "") }
    if let npz { try Console.print("\(npz): \(written["arrays"]?.intValue ?? 0) arrays") }
  }
}

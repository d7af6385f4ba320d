// `prerl inspect`: what a checkpoint or a result file holds.
import ArgumentParser
import HDF5
import Tables

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "List the contents of a result file, a safetensors file or a checkpoint folder.",
    discussion: "Example: prerl inspect alignment.h5")

  @Argument(help: ArgumentHelp("The file or folder.", valueName: "file"))
  var file: String

  @OptionGroup var printOptions: PrintOptions

  var common: CommonOptions {
    CommonOptions(printOptions)
  }

  func run() throws {
    let inspection = try readingResults([file]) { try Inspection(file) }
    noteIncompleteness(of: file)
    if common.json { return try Console.print(inspection.json.text(indent: 2)) }
    var table = TextTable(inspection.columns, numbers: 0..<0)
    for row in inspection.rows { table.add(row.map { shortened($0, to: 80) }) }
    let facts = inspection.facts.map { "\($0.name): \(withoutMiddle($0.value, to: 160))" }
    try Console.print(
      ([inspection.kind] + facts + ["", table.text]).joined(separator: "\n"))
  }
}

/// Warns of a result file of an interrupted run.
func noteIncompleteness(of path: String) {
  guard let attributes = try? HDF5File.open(path).root.attributes,
    case .integer(0)? = try? attributes.value("complete")
  else { return }
  Console.note(
    "prerl: warning: \(path) is incomplete: it has what an interrupted run had measured (--resume ends one)"
  )
}

/// A text on one line. The middle of a longer one is left out: a prompt is known by its end.
func withoutMiddle(_ text: String, to length: Int) -> String {
  let line = SeenPrompt.oneLine(text)
  return line.count <= length
    ? line : "\(line.prefix(length / 2 - 2)) … \(line.suffix(length / 2 - 1))"
}

/// A text on one line, cut where it is longer.
func shortened(_ text: String, to length: Int) -> String {
  let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
  return line.count <= length ? line : line.prefix(length - 1) + "…"
}

// `prerl diff`: which quantities of two result files differ, and by how much.
import ArgumentParser
import StrictJSON
import Tables

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two result files dataset by dataset; exit status 1 if any differ.",
    discussion: """
      Attributes record where and when a file was made. --all prints those that differ, and they \
      never affect the exit status.

      Example: prerl diff --tolerance 1e-5 a.h5 b.h5
      """)

  @Argument(help: ArgumentHelp("The first file.", valueName: "a"))
  var first: String

  @Argument(help: ArgumentHelp("The second file.", valueName: "b"))
  var second: String

  @Option(
    help: ArgumentHelp(
      "Accept differences of at most this fraction of the larger of two values.",
      valueName: "fraction"))
  var tolerance = 0.0

  @Flag(help: "Also print the attributes that differ.")
  var all = false

  @OptionGroup var printOptions: PrintOptions

  var common: CommonOptions {
    CommonOptions(printOptions)
  }

  func validate() throws {
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance is \(tolerance) (expected a number of at least 0)")
    }
  }

  func run() throws {
    let difference = try readingResults(
      [first, second], expected: "intact HDF5 files"
    ) { try FileDifference(first, second, tolerance: tolerance) }
    let count = difference.quantities.count
    if common.json {
      try Console.print(difference.json.text(indent: 2))
    } else {
      if count > 0 { try Console.print(Self.table(difference.quantities)) }
      if all, !difference.attributes.isEmpty {
        try Console.print(Self.table(difference.attributes))
      }
      if count == 0 { try Console.print("\(difference.comparedCount) datasets agree") }
    }
    if count > 0 {
      throw CommandFailure.check(
        "\(first) and \(second): \(count) datasets differ or are in one file only, "
          + "\(difference.comparedCount) are in both"
      )
    }
  }

  private static func table(_ quantities: [FileDifference.Quantity]) -> String {
    var table = TextTable(["dataset", "values", "max absolute", "max relative"])
    for quantity in quantities {
      switch quantity.kind {
      case .onlyInFirst: table.add([quantity.path, "only in the first", "", ""])
      case .onlyInSecond: table.add([quantity.path, "only in the second", "", ""])
      case .layout(let first, let second): table.add([quantity.path, first, "", second])
      case .values(let count, let total, let absolute, let relative):
        table.add([
          quantity.path, "\(count)/\(total)", significant(absolute, 3), significant(relative, 3),
        ])
      }
    }
    return table.text
  }

  private static func table(_ attributes: [FileDifference.Attribute]) -> String {
    var table = TextTable(["attribute", "first", "second"], numbers: 0..<0)
    for attribute in attributes {
      table.add(
        [attribute.path]
          + [attribute.first, attribute.second].map { shortened($0 ?? "absent", to: 60) })
    }
    return table.text
  }
}

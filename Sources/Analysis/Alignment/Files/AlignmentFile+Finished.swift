// Checks the output path of a run before it begins.
import Foundation
import HDF5
import Runs
import StrictJSON

extension AlignmentFile {
  /// Checks an output path before anything is computed.
  ///
  /// - Returns: True if `start` is to resume and the run is finished already.
  /// - Throws: `OutputError` for a journal that another process is writing or has left, a result of another
  ///   configuration, or an incomplete result without its journal.
  public static func isFinished(
    _ output: String, config: JSON, _ start: RunStart
  ) throws -> Bool {
    let journal = Journal.path(for: output)
    let hasJournal = FileManager.default.fileExists(atPath: journal)
    guard start == .resuming else {
      if hasJournal, start == .afresh {
        try Journal.requireUnused(journal)
        throw OutputError.usage(
          journal,
          "an interrupted run left its journal (--resume goes on with it, --overwrite starts afresh)"
        )
      }
      return false
    }
    guard !hasJournal, FileManager.default.fileExists(atPath: output) else { return false }
    let attributes = try HDF5File.open(output).root.attributes
    func text(_ name: String) -> String? {
      guard case .string(let text)? = try? attributes.value(name) else { return nil }
      return text
    }
    guard text("schema") == schema,
      let stored = text("config").flatMap({ try? JSON.parse($0) }),
      case .integer(let complete)? = try? attributes.value("complete")
    else {
      throw OutputError.usage(
        output, "is no alignment result (expected the output of the run to go on with)")
    }
    // Parsed from text again, so that numbers are compared as stored.
    if let difference = JSONDifference.first(try JSON.parse(config.text()), stored) {
      throw OutputError.usage(
        output,
        "was made with another value of \(difference.path) (expected the same configuration to resume)"
      )
    }
    guard complete == 1 else {
      throw OutputError.usage(
        output, "is incomplete and its journal is gone (--overwrite starts afresh)")
    }
    return true
  }
}

// Reading of result files that others may have damaged.
import HDF5

/// Runs `body`, which reads HDF5 files. What is damaged ends as one line with exit status 2, also where
/// libhdf5 crashes, and the first signal ends the program, also where libhdf5 never returns.
///
/// - Parameter expected: what the files should have been.
func readingResults<Result>(
  _ files: [String], expected: String = "an intact HDF5 file", _ body: () throws -> Result
) throws -> Result {
  try Interruption.endingAtOnce {
    try HDF5File.reportingCrashes(
      as: "prerl: \(files.joined(separator: ", ")): damaged (expected \(expected))", status: 2, body
    )
  }
}

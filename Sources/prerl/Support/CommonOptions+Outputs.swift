// The outputs of a command, checked before its work.
import Runs

extension CommonOptions {
  /// Refuses outputs that could not be published, that are one file, or that would replace what the run
  /// reads: an input or a file of `--model`.
  ///
  /// - Parameter resumes: whether an existing output is that of the run to be continued.
  func checkOutputs(
    _ outputs: [String?], inputs: [String?] = [], resumes: Bool = false
  ) throws(OutputError) {
    try AtomicFile.check(
      outputs.compactMap(\.self),
      inputs: inputs.compactMap(\.self) + (model.map { Checkpoint.files(in: $0) } ?? []),
      overwrite: overwrite || resumes)
  }
}

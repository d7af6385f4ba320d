import Analysis
import Foundation
import HDF5
import Results
import StrictJSON
import TestSupport
import Testing

@Suite struct AlignmentFileTests {
  /// PRERL_SAMPLE_ALIGNMENT=PATH keeps the file, for Tests/python/check_layout.py.
  @Test func everyDatasetOfTheSchemaIsThere() throws {
    try withTemporaryDirectory { folder in
      let kept = ProcessInfo.processInfo.environment["PRERL_SAMPLE_ALIGNMENT"]
      let path = kept ?? folder + "/a.h5"
      try SyntheticRun().write(path)
      let root = try HDF5File.open(path).root
      let paths = try root.descendants().map(\.name)
      print(paths.joined(separator: "\n"))
    }
  }
}

import Analysis
import Tables
import TestSupport
import Testing

@Suite struct AlignmentInspectionTests {
  @Test func resultFilesAreListedWithTheirAxes() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.h5"
      try SyntheticRun(16, controls: [NullContextSweep.name]).write(path)
      let inspection = try Inspection(path)
      #expect(inspection.kind == "alignment result")
      #expect(inspection.facts[0] == ("n", "16"))
      #expect(inspection.facts.contains { $0.name == "complete" && $0.value == "1" })
      #expect(inspection.columns == ["dataset", "type", "shape", "units", "description"])
      #expect(
        inspection.rows.contains([
          "groups/inner_product", "float64", "sample=16, group=4", "1",
          "inner product of the two gradients",
        ]))
      // Names of the rollouts are linked into every control and listed once.
      #expect(inspection.rows.count { $0[0].hasSuffix("/problem_id") } == 1)
      #expect(inspection.json.objectValue?["contents"]?.arrayValue?.count == inspection.rows.count)
    }
  }
}

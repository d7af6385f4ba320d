// `export`: the numbers of a result file as CSV and NPZ.
import Foundation
import HDF5
import StrictJSON
import TestSupport
import Testing

@Suite struct ExportTests {
  @Test func tablesAndArraysHoldTheFilesNumbers() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try ResultFileTests.align(program, "a.h5", ["--summary", "s.json"])
      let outcome = try program.run("export", "a.h5", "--csv", "t", "--npz", "a.npz")
      #expect(outcome.status == 0, "\(outcome.errors)")

      func table(_ name: String) throws -> [[Substring]] {
        String(decoding: try program.read("t/\(name).csv"), as: UTF8.self)
          .split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
          }
      }
      let samples = try table("samples")
      let column = try #require(samples[0].firstIndex(of: "cosine"))
      let cosines = samples.dropFirst().compactMap { Double($0[column]) }
      let mean = try #require(try program.object("s.json")["cosine_mean"]?.doubleValue)
      #expect(cosines.count == 20)
      #expect(abs(cosines.reduce(0, +) / 20 - mean) < 1e-12)
      // Long form: one row a rollout and group, in row-major order.
      let groups = try table("groups.sample-group")
      let width = try table("groups.group").count - 1
      #expect(groups.count == 1 + 20 * width && groups[width + 1][0...1] == ["1", "0"])
      #expect(try table("scalars").contains(["summary/cosine_mean", Substring("\(mean)")]))

      // An archive of as many arrays as it says, the first of them an NPY file.
      let archive = try program.read("a.npz")
      #expect(archive.starts(with: [0x50, 0x4b, 3, 4]))
      let end = Array(archive.suffix(22))
      #expect(end.starts(with: [0x50, 0x4b, 5, 6]))
      let count = Int(end[10]) + Int(end[11]) << 8
      #expect(outcome.output.hasSuffix("a.npz: \(count) arrays\n") && count > 50)
      let start = 30 + Int(archive[26]) + Int(archive[27]) << 8
      #expect(Array(archive[start..<start + 6]) == [0x93] + Array("NUMPY".utf8))

      let again = try program.run("export", "a.h5", "--csv", "t")
      #expect(again.status == 2 && again.errors.contains("--overwrite"))
      let one = try program.run(
        "export", "a.h5", "--csv", "t", "--overwrite", "--group", "samples", "--json")
      #expect(try one.object()["csv"] == ["t/samples.csv"])
      let absent = try program.run("export", "a.h5", "--csv", "u", "--group", "nothing")
      #expect(absent.status == 2 && !program.exists("u"))
      try program.write("x", to: "notes.txt")
      let other = try program.run("export", "a.h5", "--csv", ".", "--overwrite")
      #expect(other.status == 2 && program.exists("notes.txt"))
    }
  }

  /// Names that become one, and members without values.
  @Test func whatCannotBeExportedIsSaid() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      let file = try HDF5File.create(folder + "/a.h5")
      try file.root.createGroup("g").write("x", [1.0, 2], longName: "x")
      try file.root.link(path: "/absent", as: "lost")
      try file.close()
      let outcome = try program.run("export", "a.h5", "--csv", "t", "--npz", "a.npz")
      #expect(outcome.status == 0 && outcome.output == "t/g.csv\na.npz: 1 arrays\n")
      #expect(
        outcome.errors == "prerl: a.h5: not exported: lost (a link that leads nowhere)\n")
      let named = try program.run("export", "a.h5", "--npz", "b.npz", "--group", "lost")
      #expect(named.status == 2 && named.errors.contains("'lost' cannot be exported"))
      #expect(try program.run("inspect", "a.h5").output.contains("leads nowhere"))
      let same = try program.run("diff", "a.h5", "a.h5")
      #expect(same.status == 1 && same.output.contains("leads nowhere"))

      let twins = try HDF5File.create(folder + "/b.h5")
      try twins.root.createGroup("g").write("x", [1.0, 2], longName: "x")
      try twins.root.write("g.x", [3.0], longName: "x")
      try twins.close()
      let refused = try program.run("export", "b.h5", "--npz", "b.npz")
      #expect(refused.status == 2 && refused.errors.contains("g/x and g.x"))
      #expect(!program.exists("b.npz"))
      #expect(try program.run("export", "b.h5", "--npz", "b.npz", "--group", "g").status == 0)
    }
  }
}

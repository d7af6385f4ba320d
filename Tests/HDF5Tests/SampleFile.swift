// A small file that follows every layout rule; tests read it, and other readers can be tried on it.
import Foundation
import HDF5
import Testing

/// Writes samples, groups over linked scales, ragged tokens and a summary.
func writeSampleFile(_ path: String, sampleCount: Int = 6) throws {
  let file = try HDF5File.create(path)
  let root = try file.root
  try root.attributes.set("NX_class", to: "NXroot")
  try root.attributes.set("default", to: "samples")
  try root.attributes.set("config", to: String(repeating: "long ", count: 20_000))
  try root.attributes.set("complete", to: 1)
  try root.attributes.set("empty", to: "")

  let samples = try root.createGroup("samples")
  let sample = try samples.scale("sample", count: sampleCount, longName: "rollout")
  try samples.variable(
    "id", (0..<sampleCount).map { $0 == 1 ? "" : "rollout-é\($0)" }, over: ["sample"],
    longName: "identifier")
  try samples.variable(
    "cosine", (0..<sampleCount).map { $0 == 0 ? .nan : Double($0) / 7 }, over: ["sample"],
    longName: "cosine similarity")
  try samples.markAsData(signal: "cosine", axes: ["sample"], title: "Gradient alignment")

  let groups = try root.createGroup("groups")
  try groups.link(sample)
  try groups.scale("group", count: 3, longName: "parameter group")
  try groups.variable(
    "group_name", ["embed", "attention", "mlp"], over: ["group"], longName: "name of the group")
  try groups.variable(
    "inner_product", (0..<sampleCount * 3).map(Double.init), over: ["sample", "group"],
    longName: "inner product")
  try groups.markAsData(
    signal: "inner_product", axes: ["sample", "group"], title: "By parameter group")

  let tokens = try root.createGroup("tokens")
  let lengths = (0..<sampleCount).map { 700 * $0 }
  var offsets = [0]
  for length in lengths { offsets.append(offsets[offsets.count - 1] + length) }
  let tokenCount = offsets[sampleCount]
  try tokens.scale("sample_offset", offsets, longName: "first token of each rollout")
  try tokens.scale("token", count: tokenCount, longName: "token")
  let entropy = try tokens.createVariable(
    "entropy", .float32, over: ["token"], units: "nat", longName: "entropy")
  for (start, length) in zip(offsets, lengths) {
    try entropy.write((start..<start + length).map { Float($0).squareRoot() }, at: start)
  }

  let control = try root.createGroup("controls/other-problem")
  try control.scale("sample", [Int](), longName: "rollout")
  try control.variable("cosine", [Double](), over: ["sample"], longName: "cosine similarity")

  let summary = try root.createGroup("summary")
  try summary.scalar("cosine_mean", 0.25, longName: "mean cosine")
  try summary.scalar("n", sampleCount, longName: "number of rollouts")
  try file.close()
}

@Suite struct SampleFileTests {
  /// PRERL_SAMPLE_HDF5=PATH keeps the file, for Tests/python/check_layout.py.
  @Test func equalContentsGiveEqualBytes() throws {
    try withTemporary { folder in
      let kept = ProcessInfo.processInfo.environment["PRERL_SAMPLE_HDF5"]
      let first = kept ?? folder + "/a.h5"
      try writeSampleFile(first)
      Thread.sleep(forTimeInterval: 1.1)  // HDF5's times have seconds
      try writeSampleFile(folder + "/b.h5")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: first))
      #expect(bytes == (try Data(contentsOf: URL(fileURLWithPath: folder + "/b.h5"))))
    }
  }

  @Test func membersKeepTheOrderOfTheirCreation() throws {
    try withTemporary { folder in
      try writeSampleFile(folder + "/a.h5")
      let root = try HDF5File.open(folder + "/a.h5").root
      #expect(
        try root.members().map(\.name) == ["samples", "groups", "tokens", "controls", "summary"])
      let descendants = try root.descendants()
      #expect(descendants.count == 20)
      #expect(
        descendants.prefix(4).map(\.name)
          == ["samples", "samples/sample", "samples/id", "samples/cosine"])
      #expect(descendants.map(\.name).contains("controls/other-problem/cosine"))
      #expect(descendants.filter { $0.kind == .group }.count == 6)
    }
  }

  @Test func aLinkedScaleNamesTheAxisInBothGroups() throws {
    try withTemporary { folder in
      try writeSampleFile(folder + "/a.h5")
      let root = try HDF5File.open(folder + "/a.h5").root
      let product = try root.dataset("groups/inner_product")
      #expect(try product.shape == [6, 3])
      #expect(try product.scaleNames == ["sample", "group"])
      #expect(try root.dataset("samples/cosine").scaleNames == ["sample"])
      #expect(try root.dataset("groups/sample").isScale)
      #expect(try root.dataset("summary/n").scaleNames == [])
      #expect(try root.dataset("groups/group_name").read() == ["embed", "attention", "mlp"])
      #expect(try root.dataset("groups/sample").read(Int.self) == Array(0..<6))
      #expect(try root.group("groups").attributes.value("axes") == .strings(["sample", "group"]))
      #expect(try root.attributes.value("empty") == .string(""))
      #expect(try root.dataset("samples/id").read(String.self, rows: 0..<2) == ["rollout-é0", ""])
    }
  }
}

import Foundation
import Runs
import StrictJSON
import TestSupport
import Testing

@Suite struct ManifestTests {
  static func manifest() -> Manifest {
    var manifest = Manifest(
      config: ["seed": 3, "samples": 400], arguments: ["prerl", "align", "--seed", "3"],
      version: "0.1.0", git: GitState(commit: "abc", isDirty: true),
      seeds: ["seed": 3, "corpus": UInt64.max], precision: "float32", threads: 2,
      blas: "OpenBLAS 0.3.21", blasCore: "Zen",
      machine: Machine(
        processorInformation: "model name\t: Test CPU\nflags\t\t: fpu avx2 fma sse4_2 avx lm\n",
        processorCount: 2, operatingSystem: "Debian", kernel: "6.1"),
      start: Date(timeIntervalSince1970: 1_700_000_000))
    manifest.facts = ["null_context": "<bos>"]
    return manifest
  }

  @Test func fieldsAreTheContractsInOrder() {
    var manifest = Self.manifest()
    manifest.end = Date(timeIntervalSince1970: 1_700_000_090)
    let object = manifest.json.objectValue
    #expect(
      object?.keys == [
        "config", "config_sha256", "argv", "version", "git_commit", "git_dirty", "inputs", "seeds",
        "precision", "accumulation", "threads", "blas", "blas_core", "cpu", "cpu_flags",
        "cpu_count", "os", "kernel", "null_context", "start_utc", "end_utc",
      ])
    #expect(object?["start_utc"]?.stringValue == "2023-11-14T22:13:20Z")
    #expect(object?["end_utc"]?.stringValue == "2023-11-14T22:14:50Z")
    #expect(object?["seeds"] == ["seed": 3, "corpus": "18446744073709551615"])
    #expect(object?["cpu"] == "Test CPU")
    #expect(object?["cpu_flags"] == ["avx", "avx2", "fma", "sse4_2"])
    #expect(object?["git_dirty"] == true)
    #expect((try? JSON.parse(manifest.json.text(indent: 2))) == manifest.json)
  }

  @Test func attributesAreTheSameFieldsAsText() {
    let manifest = Self.manifest()
    let attributes = manifest.attributes
    #expect(attributes.map(\.name) == manifest.json.objectValue?.keys)
    func text(_ name: String) -> String? { attributes.first { $0.name == name }?.text }
    #expect(text("config") == #"{"seed":3,"samples":400}"#)
    #expect(text("argv") == #"["prerl","align","--seed","3"]"#)
    #expect(text("version") == "0.1.0")
    #expect(text("threads") == "2")
    #expect(text("end_utc") == "null")
  }

  @Test func configHashDependsOnValuesAlone() {
    let hash = Manifest.hash(of: ["seed": 3, "nested": ["a": 1, "b": 2]])
    #expect(hash == Manifest.hash(of: ["nested": ["b": 2, "a": 1], "seed": 3]))
    #expect(hash != Manifest.hash(of: ["seed": 4, "nested": ["a": 1, "b": 2]]))
    #expect(hash == SHA256.hexadecimal(of: Array(#"{"nested":{"a":1,"b":2},"seed":3}"#.utf8)))
  }

  @Test func inputsCarryTheirHash() throws {
    try withTemporaryDirectory { folder in
      try AtomicFile.publish("abc", to: folder + "/data", overwrite: false)
      var manifest = Self.manifest()
      manifest.inputs = [try Manifest.Input(role: "rollouts", path: folder + "/data")]
      let input = manifest.json.objectValue?["inputs"]?.arrayValue?.first?.objectValue
      #expect(
        input?["sha256"]?.stringValue
          == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
      #expect(input?["bytes"]?.intValue == 3)
      #expect(input?["path"]?.stringValue == folder + "/data")
      let named = try Manifest.Input(role: "rollouts", path: folder + "/data", name: "data")
      #expect(named.path == "data" && named.hash == manifest.inputs[0].hash)
    }
  }

  @Test func machineIsDescribedFromEitherKindOfProcessorText() {
    let arm = Machine(
      processorInformation: "processor\t: 0\nFeatures\t: fp asimd sve crc32\nCPU part\t: 0xd40\n",
      processorCount: 4, operatingSystem: "x", kernel: "y")
    #expect(arm.processor == "0xd40" && arm.instructionSets == ["asimd", "sve"])
    let empty = Machine(
      processorInformation: "", processorCount: 1, operatingSystem: "x", kernel: "y")
    #expect(empty.processor == "unknown" && empty.instructionSets == [])
    let here = Machine.current()
    #expect(here.processorCount > 0 && here.kernel != "unknown" && !here.kernel.contains("\n"))
  }

  @Test func gitStateIsThatOfTheCheckout() throws {
    try withTemporaryDirectory { folder in
      #expect(GitState.ofCheckout(folder) == .unknown)
      func git(_ arguments: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
          ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@t"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
      }
      // Without git there is nothing more to promise than "unknown".
      guard try git("init", "-q") else { return }
      #expect(GitState.ofCheckout(folder) == .unknown)  // no commit yet
      try AtomicFile.publish("a", to: folder + "/file", overwrite: false)
      #expect(try git("add", "file"))
      #expect(try git("-c", "commit.gpgsign=false", "commit", "-q", "-m", "a"))
      let clean = GitState.ofCheckout(folder)
      #expect(clean.commit.count == 40 && clean.isDirty == false)
      try AtomicFile.publish("b", to: folder + "/file", overwrite: true)
      #expect(GitState.ofCheckout(folder) == GitState(commit: clean.commit, isDirty: true))
    }
  }

  @Test func differencesNameTheFirstKey() {
    #expect(JSONDifference.first(["a": [1, 2]], ["a": [1, 2]]) == nil)
    #expect(
      JSONDifference.first(["a": [1, 2]], ["a": [1, 3]])?.description == "a[1]: 2 and 3")
    #expect(
      JSONDifference.first(["a": [1]], ["a": [1, 3]])?.description == "a[1]: absent and 3")
    #expect(JSONDifference.first(["a": 1], ["a": 1.0])?.path == "a")
  }
}

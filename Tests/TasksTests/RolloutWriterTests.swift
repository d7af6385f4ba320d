import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct RolloutWriterTests {
  let rollouts = [
    Rollout(
      id: "a\n\"", problemID: "p", cluster: "k", promptTokens: [1, 2], responseTokens: [3],
      prompt: "é 😀", response: "\u{0}", reward: -0.1, answer: "7"),
    Rollout(id: "b", problemID: "p", promptTokens: [255], responseTokens: [0, 0]),
  ]
  let options = RolloutReader.Options(vocabularySize: 256)

  @Test func rolloutsReadBackAsWritten() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/out.jsonl"
      try RolloutWriter.write(rollouts, to: path)
      #expect(try RolloutReader.read(path: path, options: options) == rollouts)
      #expect(
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").last
          == #"{"id":"b","problem_id":"p","cluster":"p","prompt_ids":[255],"response_ids":[0,0]}"#)
    }
  }

  @Test func anOlderFileIsReplacedAndNothingIsLeftBeside() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/out.jsonl"
      for _ in 0..<2 { try RolloutWriter.write(rollouts, to: path) }
      try RolloutWriter.write(rollouts.prefix(1), to: path)
      #expect(try RolloutReader.read(path: path, options: options).count == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.jsonl"])
    }
  }

  /// A rename over a device or a pipe would replace it.
  @Test func onlyRegularFilesAreReplaced() throws {
    try withTemporaryDirectory { folder in
      let pipe = folder + "/pipe"
      let mkfifo = try Process.run(URL(fileURLWithPath: "/usr/bin/mkfifo"), arguments: [pipe])
      mkfifo.waitUntilExit()
      try #require(mkfifo.terminationStatus == 0)
      let link = folder + "/link"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: pipe)
      for path in [pipe, link, folder] {
        let error = #expect(throws: TaskFileError.self) {
          try RolloutWriter.write(rollouts, to: path)
        }
        #expect(error?.description == "\(path): cannot be written (expected a regular file)")
      }
      let type = try FileManager.default.attributesOfItem(atPath: pipe)[.type]
      #expect(type as? FileAttributeType != .typeRegular)
    }
  }

  @Test func aSymbolicLinkStaysALink() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/out.jsonl"
      let link = folder + "/link"
      try RolloutWriter.write(rollouts, to: path)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      try RolloutWriter.write(rollouts.prefix(1), to: link)
      #expect(try RolloutReader.read(path: path, options: options).count == 1)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
    }
  }

  @Test func anAbsentFolderIsNotCreated() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/none/out.jsonl"
      let error = #expect(throws: TaskFileError.self) {
        try RolloutWriter.write(rollouts, to: path)
      }
      #expect(
        error?.description == "\(path): cannot be written (expected the folder \(folder)/none)")
      #expect(error?.kind == .input)
    }
  }
}

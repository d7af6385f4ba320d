import Foundation
import Safetensors
import TestSupport
import Testing

@Suite struct SafetensorsCheckpointTests {
  private static let indexName = "model.safetensors.index.json"

  /// A folder of shards, each with tensors `[1]` of F32 with the given values, and an index.
  private func withCheckpoint(
    shards: [String: KeyValuePairs<String, Float>], index: String,
    _ body: (String) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      for (name, tensors) in shards {
        try SafetensorsWriter.write(
          to: folder + "/" + name,
          tensors: tensors.map { OutputTensor(name: $0.key, shape: [1], values: [$0.value]) })
      }
      try save(Array(index.utf8), folder + "/" + Self.indexName)
      try body(folder)
    }
  }

  private func value(_ checkpoint: SafetensorsCheckpoint, _ name: String) throws -> [Float] {
    var values: [Float] = [0]
    try values.withUnsafeMutableBufferPointer { try checkpoint.copy(name, to: $0) }
    return values
  }

  @Test func shardsAreReadAsOneCheckpoint() throws {
    try withCheckpoint(
      shards: ["b.safetensors": ["x": 1], "a.safetensors": ["z": 2, "y": 3]],
      index: """
        {"metadata": {"total_size": 12},
         "weight_map": {"x": "b.safetensors", "y": "a.safetensors", "z": "a.safetensors"}}
        """
    ) { folder in
      let checkpoint = try SafetensorsCheckpoint(directory: folder)
      #expect(checkpoint.tensors.map(\.name) == ["z", "y", "x"])
      #expect(
        checkpoint.files
          == [Self.indexName, "a.safetensors", "b.safetensors"].map { "\(folder)/\($0)" })
      for (name, expected) in [("x", 1), ("y", 3), ("z", 2)] as [(String, Float)] {
        #expect(try value(checkpoint, name) == [expected])
        #expect(checkpoint.tensor(named: name)?.shape == [1])
      }
      var double = [0.0]
      try double.withUnsafeMutableBufferPointer { try checkpoint.copy("y", to: $0) }
      #expect(double == [3])
      #expect(checkpoint.path(of: "x") == folder + "/b.safetensors")
      #expect(checkpoint.tensor(named: "w") == nil)
      let error = #expect(throws: SafetensorsError.self) { try value(checkpoint, "w") }
      #expect(error?.description == #"\#(folder): no tensor "w""#)
    }
  }

  @Test func aSingleFileGoesBeforeAnIndex() throws {
    try withCheckpoint(shards: ["model.safetensors": ["x": 4]], index: "not JSON") { folder in
      let checkpoint = try SafetensorsCheckpoint(directory: folder + "/")
      #expect(checkpoint.files == [folder + "/model.safetensors"])
      #expect(try value(checkpoint, "x") == [4])
    }
  }

  @Test func aFolderWithoutCheckpointSaysWhatWasExpected() throws {
    try withTemporaryDirectory { folder in
      for path in [folder, folder + "/absent"] {
        let error = #expect(throws: SafetensorsError.self) {
          try SafetensorsCheckpoint(directory: path)
        }
        #expect(
          error?.description
            == "\(path): no checkpoint (expected model.safetensors or model.safetensors.index.json)"
        )
      }
    }
  }

  /// Each index over shards a (x), b (y) and c (x), with the line that a user sees after the path.
  @Test func anIndexThatDisagreesWithItsShardsIsRefused() throws {
    func map(_ members: String) -> String { #"{"weight_map": {\#(members)}}"# }
    let unsafe = "(expected a plain name that ends in .safetensors)"
    let cases = [
      ("[]", "an array of 0 (expected an object)"),
      ("{}", "weight_map: missing (expected an object)"),
      (map(#""x": 1"#), "weight_map.x: 1 (expected a string)"),
      (
        "{\"weight_map\": {}",
        "the end of the text in place of ',' or '}' at line 1, column 18 (expected a JSON object)"
      ),
      (
        map(#""x": "a.safetensors", "x": "a.safetensors""#),
        #"the key "x" stands twice (expected every key once)"#
      ),
      (
        #"{"weight_map": {}, "weight_map": {}}"#,
        #"the key "weight_map" stands twice (expected every key once)"#
      ),
      (map(#""x": "../a.safetensors""#), #"tensor "x": shard "../a.safetensors" \#(unsafe)"#),
      (map(#""x": "/a.safetensors""#), #"tensor "x": shard "/a.safetensors" \#(unsafe)"#),
      (map(#""x": "...safetensors""#), #"tensor "x": shard "...safetensors" \#(unsafe)"#),
      (
        map(#""x": "a\u0000.safetensors""#),
        #"tensor "x": shard "a\u0000.safetensors" \#(unsafe)"#
      ),
      (map(#""x": "a.bin""#), #"tensor "x": shard "a.bin" \#(unsafe)"#),
      (map(#""x": """#), #"tensor "x": shard "" \#(unsafe)"#),
      (
        map(#""x": "d.safetensors""#),
        #"the shard "d.safetensors" is missing (expected it beside the index)"#
      ),
      (
        map(#""x": "a.safetensors", "y": "c.safetensors""#),
        #"tensor "x": in "a.safetensors" and in "c.safetensors" (expected one shard)"#
      ),
      (
        map(#""x": "b.safetensors", "y": "a.safetensors""#),
        #"tensor "x": not in "b.safetensors" (expected it where the index says)"#
      ),
      (
        map(#""w": "a.safetensors""#),
        #"tensor "w": not in "a.safetensors" (expected it where the index says)"#
      ),
      (
        map(#""x": "a.safetensors", "w": "b.safetensors""#),
        #"tensor "w": not in "b.safetensors" (expected it where the index says)"#
      ),
      (
        map(#""x": "a.safetensors", "z": "e.safetensors""#),
        #"tensor "w": in "e.safetensors" (expected it in the index, too)"#
      ),
    ]
    for (index, message) in cases {
      try withCheckpoint(
        shards: [
          "a.safetensors": ["x": 1], "b.safetensors": ["y": 2], "c.safetensors": ["x": 3],
          "e.safetensors": ["z": 1, "w": 2],
        ],
        index: index
      ) { folder in
        let error = #expect(throws: SafetensorsError.self) {
          try SafetensorsCheckpoint(directory: folder)
        }
        #expect(error?.description == "\(folder)/\(Self.indexName): \(message)")
      }
    }
  }

  @Test func aBrokenShardIsNamed() throws {
    try withCheckpoint(
      shards: [:], index: #"{"weight_map": {"x": "a.safetensors"}}"#
    ) { folder in
      try save(zeros(3), folder + "/a.safetensors")
      let error = #expect(throws: SafetensorsError.self) {
        try SafetensorsCheckpoint(directory: folder)
      }
      #expect(error?.path == folder + "/a.safetensors")
      #expect(error?.problem == .shorterThanLengthField(fileSize: 3))
    }
  }
}

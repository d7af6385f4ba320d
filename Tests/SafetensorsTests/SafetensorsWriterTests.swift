import Foundation
import KeyedRandom
import Safetensors
import TestSupport
import Testing

@Suite struct SafetensorsWriterTests {
  @Test func theBytesOfAFileAreThoseOfTheFormat() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try SafetensorsWriter.write(
        to: path, metadata: [("format", "pt")],
        tensors: [
          OutputTensor(name: "h", dtype: .bf16, shape: [2], values: [1, -2]),
          OutputTensor(name: "x", shape: [1, 1], values: [0.5]),
        ])
      // F32 comes first, so that it is aligned whatever the number of halves.
      let header =
        #"{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
        + #""h":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}"#
      let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
      let found = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(found == fileBytes(padded, [0, 0, 0, 0x3F, 0x80, 0x3F, 0x00, 0xC0]))
      #expect(padded.utf8.count % 8 == 0)
      #expect(names(in: folder) == ["a.safetensors"])
    }
  }

  @Test func everyTypeSurvivesARoundTrip() throws {
    var generator = RandomKey(seed: 6).generator()
    let values = (0..<150_001).map { _ in Float(generator.normal()) } + [.infinity, -0.0, 0x1p-140]
    let bytes = (0..<160).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      var tensors = [DType.f32, .f64, .f16, .bf16].map {
        OutputTensor(name: "float \($0)", dtype: $0, shape: [values.count], values: values)
      }
      for dtype in DType.allCases {
        tensors.append(
          OutputTensor(
            name: "bytes \(dtype)", dtype: dtype, shape: [4, 4],
            fill: { range, buffer in
              #expect(range == 0..<16)
              buffer.copyBytes(from: bytes[..<(dtype.bitCount * 2)])
            }))
      }
      tensors.append(OutputTensor(name: "scalar é\n", shape: [], values: [3]))
      tensors.append(OutputTensor(name: "empty", dtype: .f16, shape: [0, 7], values: []))
      try SafetensorsWriter.write(to: path, metadata: [("b", "é"), ("a", "\n")], tensors: tensors)

      let file = try SafetensorsFile(path: path)
      #expect(file.tensors.count == tensors.count)
      #expect(file.metadata.map(\.key) == ["b", "a"])
      #expect(file.metadata.map(\.value) == ["é", "\n"])
      #expect(try file.floats("float f32") == values)
      #expect(try file.doubles("float f64") == values.map(Double.init))
      #expect(
        try file.floats("float f16")
          == values.map { HalfPrecision.float(float16: HalfPrecision.float16($0)) })
      #expect(
        try file.floats("float bf16")
          == values.map { HalfPrecision.float(bfloat16: HalfPrecision.bfloat16($0)) })
      for dtype in DType.allCases {
        #expect(try file.bytes("bytes \(dtype)") == Array(bytes[..<(dtype.bitCount * 2)]))
      }
      #expect(try file.floats("scalar é\n") == [3])
      #expect(file.tensor(named: "empty")?.shape == [0, 7])
      for tensor in file.tensors where tensor.dtype.bitCount >= 8 {
        #expect(tensor.dataOffsets.lowerBound % (tensor.dtype.bitCount / 8) == 0)
      }
    }
  }

  @Test func namesThatCannotBeWrittenAreRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      let tensor = OutputTensor(name: "a", shape: [], values: [1])
      var error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(to: path, tensors: [tensor, tensor])
      }
      #expect(error?.problem == .duplicateKey("a"))
      error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(to: path, metadata: [("k", "1"), ("k", "2")], tensors: [])
      }
      #expect(error?.problem == .duplicateKey("k"))
      error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(
          to: path, tensors: [OutputTensor(name: "__metadata__", shape: [], values: [1])])
      }
      #expect(error?.description == #"\#(path): tensor "__metadata__": the name is reserved"#)
      #expect(names(in: folder) == [])
    }
  }

  // MARK: - Failures

  @Test func anOldFileStaysUntilTheNewOneIsComplete() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try SafetensorsWriter.write(
        to: path, tensors: [OutputTensor(name: "a", shape: [1], values: [1])])
      let replacement = OutputTensor(
        name: "a", dtype: .f32, shape: [1],
        fill: { _, buffer in
          #expect((try? SafetensorsFile(path: path).floats("a")) == [1])
          buffer.storeBytes(of: 2, as: Float.self)
        })
      try SafetensorsWriter.write(to: path, tensors: [replacement])
      #expect(try SafetensorsFile(path: path).floats("a") == [2])
      #expect(names(in: folder) == ["a.safetensors"])
    }
  }

  /// The temporary file is taken away while it is written, so that the rename fails.
  @Test func aFailureLeavesTheOldFileAndNothingElse() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try save(Array("old".utf8), path)
      let saboteur = OutputTensor(
        name: "a", dtype: .f32, shape: [1],
        fill: { _, _ in
          for name in names(in: folder) where name.hasSuffix(".tmp") {
            unlink(folder + "/" + name)
          }
        })
      let error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(to: path, tensors: [saboteur])
      }
      #expect(error?.description == "\(path): cannot write: No such file or directory")
      #expect(error?.systemCode == ENOENT)
      #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == Array("old".utf8))
      #expect(names(in: folder) == ["a.safetensors"])
    }
  }

  /// A folder appears under the name while the file is written, so that the rename fails.
  @Test func aFailedRenameRemovesTheTemporaryFile() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      let saboteur = OutputTensor(
        name: "a", dtype: .f32, shape: [1],
        fill: { _, _ in
          mkdir(path, 0o700)
        })
      let error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(to: path, tensors: [saboteur])
      }
      #expect(error?.systemCode == EISDIR)
      #expect(names(in: folder) == ["a.safetensors"])
      #expect(names(in: path) == [])
    }
  }

  @Test func placesThatCannotHoldAFileAreRefused() throws {
    try withTemporaryDirectory { folder in
      let absent = folder + "/absent/a.safetensors"
      var error = #expect(throws: SafetensorsError.self) {
        try SafetensorsWriter.write(to: absent, tensors: [])
      }
      #expect(error?.systemCode == ENOENT)
      for (path, found) in [(folder, "a directory"), ("/dev/null", "a device")] {
        error = #expect(throws: SafetensorsError.self) {
          try SafetensorsWriter.write(to: path, tensors: [])
        }
        #expect(error?.description == "\(path): \(found) (expected a regular file)")
      }
    }
  }
}

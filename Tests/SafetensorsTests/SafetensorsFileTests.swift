import Foundation
import Safetensors
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  // MARK: - What is not a file

  @Test func whatIsNotARegularFileIsRefusedWithoutWaiting() throws {
    try withTemporaryDirectory { folder in
      let fifo = folder + "/fifo"
      #expect(mkfifo(fifo, 0o600) == 0)
      for (path, found) in [(folder, "a directory"), (fifo, "a FIFO"), ("/dev/zero", "a device")] {
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
        #expect(error?.description == "\(path): \(found) (expected a regular file)")
        #expect(error?.systemCode == nil)
      }
    }
  }

  @Test func failuresOfTheSystemKeepTheirCode() throws {
    try withTemporaryDirectory { folder in
      let absent = folder + "/absent"
      var error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: absent) }
      #expect(error?.description == "\(absent): cannot open: No such file or directory")
      #expect(error?.systemCode == ENOENT)

      let loop = folder + "/loop"
      #expect(symlink(loop, loop) == 0)
      error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: loop) }
      #expect(error?.systemCode == ELOOP)
    }
  }

  @Test func aFileCutShortAfterOpeningIsAnError() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/model.safetensors"
      let header =
        "{\(entry("a", "F32", "[100000]", 0, 400_000)),\(entry("b", "BF16", "[100000]", 400_000, 600_000))}"
      try save(fileBytes(header, zeros(600_000)), path)
      let file = try SafetensorsFile(path: path)
      #expect(truncate(path, 500_000) == 0)
      #expect(try file.floats("a").count == 100_000)
      let error = #expect(throws: SafetensorsError.self) { try file.floats("b") }
      // The second of the pieces that are read at a time ends 131,072 bytes into the tensor.
      let missing = 8 + header.utf8.count + 400_000 + 131_072 - 500_000
      #expect(error?.problem == .endedEarly(offset: 500_000, missing: missing))
      #expect(
        error?.description
          == "\(path): ends at byte 500000, \(missing) bytes early (expected an unchanged file)")
    }
  }

  // MARK: - Mapping

  @Test func mappedTensorsAreConvertedPieceByPiece() throws {
    let header =
      "{\(entry("h", "BF16", "[4]", 0, 8)),\(entry("f", "F32", "[2]", 8, 16)),"
      + "\(entry("b", "BOOL", "[1]", 16, 17)),\(entry("odd", "BF16", "[1]", 17, 19))}"
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    // 1, −2, .5 and 3 as BF16; 1 and −2 as F32.
    let halves: [UInt8] = [0x80, 0x3F, 0, 0xC0, 0, 0x3F, 0x40, 0x40]
    let file = try opened(
      fileBytes(padded, halves + [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 1, 0x80, 0x3F]))
    let tensor = try #require(try file.mapped("h"))
    #expect(tensor.count == 4 && tensor.byteCount == 8 && tensor.floats == nil)
    var values: [Float] = [0, 0, 0]
    values.withUnsafeMutableBufferPointer { tensor.copy(1..<4, to: $0) }
    #expect(values == [-2, 0.5, 3])
    var wide = [0.0]
    wide.withUnsafeMutableBufferPointer { tensor.copy(3..<4, to: $0) }
    #expect(wide == [3])
    let floats = try #require(try file.mapped("f")?.floats)
    #expect(floats[0] == 1 && floats[1] == -2)
    #expect(try file.mapped("odd") == nil, "its elements are not aligned")
    #expect(throws: SafetensorsError.self) { try file.mapped("b") }
    #expect(throws: SafetensorsError.self) { try file.mapped("absent") }
  }

  // MARK: - Reading

  @Test func tensorsAreFoundByNameAndCopiedToBuffersOfTheirSizeOnly() throws {
    let header = "{\(entry("a", "F32", "[2]", 0, 8)),\(entry("n", "I32", "[1]", 8, 12))}"
    let file = try opened(fileBytes(header, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 1, 0, 0, 0]))
    var values: [Float] = [0, 0]
    try values.withUnsafeMutableBufferPointer { try file.copy("a", to: $0) }
    #expect(values == [1, -2])
    #expect(try file.doubles("a") == [1, -2])
    #expect(file.tensor(named: "a")?.shape == [2])
    #expect(file.tensor(named: "b") == nil)

    func message(_ body: () throws -> Void) -> String? {
      #expect(throws: SafetensorsError.self, performing: body)?.description
    }
    #expect(message { _ = try file.floats("b") } == #"\#(file.path): no tensor "b""#)
    #expect(
      message { _ = try file.floats("n") }
        == #"\#(file.path): tensor "n": dtype I32 cannot be read as numbers "#
        + "(expected F64, F32, F16 or BF16)")
    #expect(
      message {
        var short: [Float] = [0]
        try short.withUnsafeMutableBufferPointer { try file.copy("a", to: $0) }
      } == #"\#(file.path): tensor "a": 2 elements (expected 1)"#)
  }

  @Test func onlyFloatingPointTypesAreConverted() throws {
    for dtype in DType.allCases {
      let size = dtype.bitCount
      let file = try opened(
        fileBytes("{\(entry("a", dtype.rawValue, "[8]", 0, size))}", zeros(size)))
      if [.f64, .f32, .f16, .bf16].contains(dtype) {
        let (floats, doubles) = try (file.floats("a"), file.doubles("a"))
        #expect(floats == [Float](repeating: 0, count: 8))
        #expect(doubles == [Double](repeating: 0, count: 8))
      } else {
        #expect(throws: SafetensorsError.self) { try file.floats("a") }
        #expect(throws: SafetensorsError.self) { try file.doubles("a") }
      }
    }
  }
}

import Foundation
import Safetensors
import StrictJSON
import TestSupport
import Testing

@Suite struct SafetensorsHeaderTests {
  /// Each broken file with the line that a user sees after the path. The numbers are those of the
  /// rules that the format's reference reader enforces, and a few that its README adds.
  static let refused: [(bytes: [UInt8], message: String)] = [
    // 1. Shorter than the length field
    ([], "0 bytes (expected at least the 8 of the header's length)"),
    (zeros(7), "7 bytes (expected at least the 8 of the header's length)"),
    // 2. and 3. Header length
    (
      lengthField(100_000_001) + zeros(8),
      "header of 100000001 bytes (expected at most 100000000)"
    ),
    (
      lengthField(.max) + zeros(8),
      "header of 18446744073709551615 bytes (expected at most 100000000)"
    ),
    (
      lengthField(100_000_000) + zeros(8),
      "header of 100000000 bytes in a file of 16 (expected at most 8)"
    ),
    (lengthField(3) + Array("{}".utf8), "header of 3 bytes in a file of 10 (expected at most 2)"),
    // 4. UTF-8
    (
      fileBytes(Array(#"{"a"#.utf8) + [0xFF] + Array(#"":{}}"#.utf8)),
      "the byte at offset 3 of the header is not UTF-8 (expected a JSON object)"
    ),
    (
      fileBytes([0x80]),
      "the byte at offset 0 of the header is not UTF-8 (expected a JSON object)"
    ),
    // 5. JSON of the expected form
    (
      zeros(8),
      "the end of the text in place of a value at line 1, column 1 (expected a JSON object)"
    ),
    (
      fileBytes("{"),
      "the end of the text in place of a key in double quotes at line 1, column 2 (expected a JSON object)"
    ),
    (
      fileBytes("{}x"),
      "'x' in place of the end of the text after the value at line 1, column 3 (expected a JSON object)"
    ),
    (
      fileBytes("{}\0"),
      "the byte 0x00 in place of the end of the text after the value at line 1, column 3 (expected a JSON object)"
    ),
    (fileBytes("[]"), "an array of 0 (expected an object)"),
    (fileBytes(#"{"a":1}"#), #"tensor "a": 1 (expected an object)"#),
    (
      fileBytes(#"{"a\nb":{"shape":[],"data_offsets":[0,0]}}"#),
      #"tensor "a\nb".dtype: missing (expected a string)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, zeros(4)),
      #"tensor "a".shape: missing (expected an array)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"F32","shape":[1]}}"#, zeros(4)),
      #"tensor "a".data_offsets: missing (expected an array)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, zeros(4)),
      #"tensor "a".data_offsets: an array of 1 (expected two integers)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, zeros(4)),
      #"tensor "a".data_offsets: an array of 3 (expected two integers)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[-1]", 0, 4))}", zeros(4)),
      #"tensor "a".shape[0]: -1 (expected an integer of at least 0)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[1.0]", 0, 4))}", zeros(4)),
      #"tensor "a".shape[0]: 1.0 (expected an integer of at least 0)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[1,18446744073709551616]", 0, 4))}", zeros(4)),
      #"tensor "a".shape[1]: 1.8446744073709552e+19 (expected an integer of at least 0)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[1]", -4, 0))}"),
      #"tensor "a".data_offsets[0]: -4 (expected an integer of at least 0)"#
    ),
    (
      fileBytes("{\(entry("a", "F33", "[1]", 0, 4))}", zeros(4)),
      #"tensor "a": dtype "F33" is unknown (expected one of: BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, "#
        + "F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, I16, U16, F16, BF16, I32, U32, F32, "
        + "C64, F64, I64, U64)"
    ),
    (
      fileBytes(#"{"__metadata__":{"a":1}}"#),
      "__metadata__.a: 1 (expected a string)"
    ),
    (fileBytes(#"{"__metadata__":"a"}"#), #"__metadata__: "a" (expected an object)"#),
    // 6. Equal keys, at each level
    (
      fileBytes("{\(entry("a", "U8", "[1]", 0, 1)),\(entry("a", "U8", "[1]", 1, 2))}", zeros(2)),
      #"the key "a" stands twice (expected every key once)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, zeros(1)),
      #"the key "dtype" stands twice (expected every key once)"#
    ),
    (
      fileBytes(#"{"__metadata__":{"k":"1","\u006b":"2"}}"#),
      #"the key "k" stands twice (expected every key once)"#
    ),
    // 7. Holes, overlaps, reversed offsets
    (
      fileBytes("{\(entry("a", "U8", "[1]", 1, 2))}", zeros(2)),
      #"tensor "a": starts at 1, behind a hole (expected 0)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[1]", 0, 1)),\(entry("b", "U8", "[1]", 2, 3))}", zeros(3)),
      #"tensor "b": starts at 2, behind a hole (expected 1)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[2]", 0, 2)),\(entry("b", "U8", "[2]", 1, 3))}", zeros(3)),
      #"tensor "b": starts at 1, inside another (expected 2)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[2]", 0, 2)),\(entry("b", "U8", "[2]", 0, 2))}", zeros(2)),
      #"tensor "b": starts at 0, inside another (expected 2)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[0]", 1, 1)),\(entry("b", "U8", "[2]", 0, 2))}", zeros(2)),
      #"tensor "a": starts at 1, inside another (expected 2)"#
    ),
    (
      fileBytes(#"{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}"#),
      #"tensor "a".shape[0]: -0.0 (expected an integer of at least 0)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[1]", 1, 0))}", zeros(1)),
      #"tensor "a": ends at 0 (expected at least its start, 1)"#
    ),
    // 8. and 9. Products that overflow
    (
      fileBytes("{\(entry("a", "U8", "[4294967296,4294967296]", 0, 0))}"),
      #"tensor "a": shape [4294967296, 4294967296] (expected a product below 2^63)"#
    ),
    (
      fileBytes("{\(entry("a", "U8", "[9223372036854775807,2,0]", 0, 0))}"),
      #"tensor "a": shape [9223372036854775807, 2, 0] (expected a product below 2^63)"#
    ),
    (
      fileBytes("{\(entry("a", "F64", "[4611686018427387904]", 0, 0))}"),
      #"tensor "a": F64 [4611686018427387904] (expected a size below 2^63 bits)"#
    ),
    // 10. Parts of bytes
    (
      fileBytes("{\(entry("a", "F4", "[3]", 0, 2))}", zeros(2)),
      #"tensor "a": 12 bits (expected a multiple of 8)"#
    ),
    (
      fileBytes("{\(entry("a", "F6_E2M3", "[2]", 0, 2))}", zeros(2)),
      #"tensor "a": 12 bits (expected a multiple of 8)"#
    ),
    // 11. Offsets against dtype and shape
    (
      fileBytes("{\(entry("a", "F32", "[2]", 0, 4))}", zeros(4)),
      #"tensor "a": 4 bytes (expected 8 by its dtype and shape)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[0]", 0, 4))}", zeros(4)),
      #"tensor "a": 4 bytes (expected 0 by its dtype and shape)"#
    ),
    (
      fileBytes("{\(entry("a", "F32", "[]", 0, 0))}"),
      #"tensor "a": 0 bytes (expected 4 by its dtype and shape)"#
    ),
    // 12. The end of the file
    (
      fileBytes("{\(entry("a", "U8", "[1]", 0, 1))}", zeros(2)),
      "63 bytes (expected 62 by its header)"
    ),
    (fileBytes("{\(entry("a", "U8", "[1]", 0, 1))}"), "61 bytes (expected 62 by its header)"),
    (fileBytes("{}", zeros(1)), "11 bytes (expected 10 by its header)"),
    (
      fileBytes("{\(entry("a", "U8", "[1152921504606846975]", 0, 1_152_921_504_606_846_975))}"),
      "97 bytes (expected 1152921504606847072 by its header)"
    ),
  ]

  @Test func brokenFilesAreRefusedWithWhatWasExpected() throws {
    for (bytes, message) in Self.refused {
      try withTemporaryDirectory { folder in
        let path = folder + "/model.safetensors"
        try save(bytes, path)
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
        #expect(error?.description == "\(path): \(message)")
        #expect(error?.systemCode == nil)
      }
    }
  }

  @Test func everyKnownTypeIsCheckedForSize() throws {
    for dtype in DType.allCases {
      let size = dtype.bitCount
      let file = try opened(
        fileBytes("{\(entry("a", dtype.rawValue, "[8]", 0, size))}", zeros(size)))
      #expect(file.tensors.first?.dtype == dtype)
      #expect(try file.bytes("a") == zeros(size))
      #expect(throws: SafetensorsError.self) {
        try opened(
          fileBytes("{\(entry("a", dtype.rawValue, "[8]", 0, size + 1))}", zeros(size + 1))
        )
      }
    }
  }

  // MARK: - What must be accepted

  @Test func zeroSizedTensorsMayLieAnywhereBetweenOthers() throws {
    let header = [
      entry("e2", "F32", "[0,4]", 4, 4), entry("x", "F32", "[1]", 0, 4),
      entry("e3", "F64", "[3,0]", 4, 4), entry("y", "F32", "[1]", 4, 8),
      entry("e1", "F32", "[0]", 0, 0), entry("huge", "F32", "[0,9223372036854775807]", 8, 8),
    ].joined(separator: ",")
    let file = try opened(fileBytes("{\(header)}", zeros(8)))
    #expect(file.tensors.map(\.name) == ["e1", "x", "e2", "e3", "y", "huge"])
    #expect(try file.floats("e2") == [])
    #expect(file.tensor(named: "huge")?.elementCount == 0)
  }

  @Test func scalarsHaveOneElement() throws {
    let file = try opened(fileBytes("{\(entry("s", "F32", "[]", 0, 4))}", [0, 0, 0x20, 0x41]))
    #expect(file.tensor(named: "s")?.shape == [])
    #expect(file.tensor(named: "s")?.elementCount == 1)
    #expect(try file.floats("s") == [10])
  }

  @Test func spacesAroundTheHeaderAreAllowed() throws {
    for header in ["{}", " {}", "{}   \n\t\r", "\n\t {  } "] {
      let file = try opened(fileBytes(header))
      #expect(file.tensors.isEmpty)
    }
  }

  @Test func theOrderOfTheHeaderIsFree() throws {
    let header = "{\(entry("b", "U8", "[1]", 1, 2)),\(entry("a", "U8", "[1]", 0, 1))}"
    let file = try opened(fileBytes(header, [7, 8]))
    #expect(file.tensors.map(\.name) == ["a", "b"])
    #expect(try file.bytes("a") == [7])
    #expect(try file.bytes("b") == [8])
  }

  @Test func metadataAreReadInOrder() throws {
    let file = try opened(fileBytes(#"{"__metadata__":{"b":"2","a":"1","":""}}"#))
    #expect(file.metadata.map(\.key) == ["b", "a", ""])
    #expect(file.metadata.map(\.value) == ["2", "1", ""])
    for header in [#"{"__metadata__":{}}"#, #"{"__metadata__":null}"#, "{}"] {
      let file = try opened(fileBytes(header))
      #expect(file.metadata.isEmpty)
    }
  }

  @Test func unknownMembersOfATensorAreIgnoredLikeInTheReference() throws {
    let header = #"{"a":{"note":[1],"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let file = try opened(fileBytes(header, [3]))
    #expect(try file.bytes("a") == [3])
  }

  @Test func namesThatDifferInBytesOnlyAreDifferentTensors() throws {
    let header = "{\(entry("\u{e9}", "U8", "[1]", 0, 1)),\(entry("e\u{301}", "U8", "[1]", 1, 2))}"
    let file = try opened(fileBytes(header, [1, 2]))
    #expect(try file.bytes("\u{e9}") == [1])
    #expect(try file.bytes("e\u{301}") == [2])
  }
}

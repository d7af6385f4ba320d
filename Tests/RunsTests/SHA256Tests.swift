import Foundation
import Runs
import TestSupport
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 and of NIST's test data.
  static let vectors: [(text: String, hash: String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test func matchesTheStandardsExamples() {
    for (text, hash) in Self.vectors {
      #expect(SHA256.hexadecimal(of: Array(text.utf8)) == hash)
    }
  }

  @Test func piecesOfAnySizeGiveTheSameHash() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = SHA256.hexadecimal(of: bytes)
    for size in [1, 3, 55, 56, 63, 64, 65, 127, 299] {
      var hash = SHA256()
      for start in stride(from: 0, to: bytes.count, by: size) {
        hash.update(Array(bytes[start..<min(start + size, bytes.count)]).span)
      }
      #expect(hash.finish() == whole, "pieces of \(size)")
    }
  }

  @Test func everyPaddingLengthIsItsOwn() {
    let hashes = Set((0..<200).map { SHA256.hexadecimal(of: [UInt8](repeating: 0, count: $0)) })
    #expect(hashes.count == 200)
  }

  @Test func fileHashEqualsTheHashOfItsBytes() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/million"
      let (text, hash) = Self.vectors[4]
      // More than one piece of the reader.
      try Data((text + text).utf8).write(to: URL(fileURLWithPath: path))
      let result = try SHA256.ofFile(path)
      #expect(result.byteCount == 2_000_000)
      #expect(result.hash == SHA256.hexadecimal(of: Array((text + text).utf8)))
      #expect(result.hash != hash)
      let absent = #expect(throws: OutputError.self) { try SHA256.ofFile(folder + "/absent") }
      #expect(absent?.exitStatus == 2)
      #expect(throws: OutputError.self) { try SHA256.ofFile(folder) }
    }
  }

  @Test func crcMatchesTheCheckValue() {
    var crc = CRC32()
    crc.update(Array("12345".utf8).span)
    crc.update(Array("6789".utf8).span)
    #expect(crc.value == 0xcbf4_3926)  // the check value in every catalogue of CRCs
    #expect(CRC32().value == 0)
  }
}

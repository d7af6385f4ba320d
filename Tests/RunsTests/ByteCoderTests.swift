import Runs
import Testing

@Suite struct ByteCoderTests {
  static func sample() -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt64.max - 1)
    writer.write(-5)
    writer.write(Double.pi)
    writer.write([Float.nan, -0.0, .infinity, 1.5])
    writer.write([Int32.min, 0, 7])
    writer.write([Double]())
    writer.write("e\u{301} 🙂\0")
    return writer.bytes
  }

  static func read(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    #expect(try reader.readUInt64() == UInt64.max - 1)
    #expect(try reader.readInt() == -5)
    #expect(try reader.readDouble() == Double.pi)
    let floats = try reader.readFloats()
    #expect(floats.map(\.bitPattern) == [Float.nan, -0.0, .infinity, 1.5].map(\.bitPattern))
    #expect(try reader.readInt32s() == [Int32.min, 0, 7])
    #expect(try reader.readDoubles() == [])
    #expect(Array(try reader.readString().utf8) == Array("e\u{301} 🙂\0".utf8))
    try reader.finish()
  }

  @Test func whatIsWrittenIsReadBackToTheBit() throws {
    try Self.read(Self.sample())
  }

  @Test func bytesAreLittleEndianWithCountsBeforeArrays() {
    var writer = ByteWriter()
    writer.write(UInt64(0x0102_0304))
    writer.write([Float(1)])
    #expect(writer.bytes == [4, 3, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f])
  }

  @Test func everyTruncationAndEveryExtraByteIsRefused() {
    let bytes = Self.sample()
    for count in 0..<bytes.count {
      #expect(throws: ByteReader.Malformed.self, "\(count) bytes") {
        var reader = ByteReader(Array(bytes.prefix(count)))
        _ = try reader.readUInt64()
        _ = try reader.readInt()
        _ = try reader.readDouble()
        _ = try reader.readFloats()
        _ = try reader.readInt32s()
        _ = try reader.readDoubles()
        _ = try reader.readString()
        try reader.finish()
      }
    }
    #expect(throws: ByteReader.Malformed.self) { try Self.read(bytes + [0]) }
  }

  @Test func hugeCountsAllocateNothing() {
    for count in [UInt64.max, 1 << 63, 1 << 62, 1 << 61, 3] {
      var writer = ByteWriter()
      writer.write(count)
      writer.write(UInt64(0))  // 8 bytes of content, too few for any of the counts
      let bytes = writer.bytes
      #expect(throws: ByteReader.Malformed.self) {
        var reader = ByteReader(bytes)
        _ = try reader.readFloats()
      }
      #expect(throws: ByteReader.Malformed.self) {
        var reader = ByteReader(bytes)
        _ = try reader.readDoubles()
      }
      guard count > 8 else { continue }
      #expect(throws: ByteReader.Malformed.self) {
        var reader = ByteReader(bytes)
        _ = try reader.readString()
      }
    }
  }

  @Test func invalidTextIsRefusedWithItsPlace() {
    var writer = ByteWriter()
    writer.write("abcd")
    var bytes = writer.bytes
    bytes[9] = 0xff
    var reader = ByteReader(bytes)
    let error = #expect(throws: ByteReader.Malformed.self) { try reader.readString() }
    #expect(error?.description == "byte 0: invalid UTF-8 (expected text)")
  }

  @Test func anyBytesAreReadOrRefused() {
    var state: UInt64 = 1
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407  // Knuth's MMIX
      return state >> 33
    }
    var refusals = 0
    for _ in 0..<5000 {
      // Mostly small bytes, so that counts are often plausible.
      let bytes = (0..<Int(next() % 80)).map { _ in next() % 3 == 0 ? UInt8(next() % 256) : 0 }
      var reader = ByteReader(bytes)
      do {
        for _ in 0..<20 {
          switch next() % 7 {
          case 0: _ = try reader.readUInt64()
          case 1: _ = try reader.readInt()
          case 2: _ = try reader.readDouble()
          case 3: #expect(try reader.readFloats().count <= bytes.count / 4)
          case 4: #expect(try reader.readInt32s().count <= bytes.count / 4)
          case 5: #expect(try reader.readDoubles().count <= bytes.count / 8)
          default: #expect(try reader.readString().utf8.count <= bytes.count)
          }
        }
      } catch {
        refusals += 1
        #expect(error.offset <= bytes.count)
      }
    }
    #expect(refusals > 4000)
  }
}

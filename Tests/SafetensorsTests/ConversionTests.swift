import KeyedRandom
import Safetensors
import TestSupport
import Testing

@Suite struct ConversionTests {
  /// All 65,536 patterns as a tensor of two bytes an element.
  private func everyPattern(_ dtype: String) -> [UInt8] {
    fileBytes(
      "{\(entry("a", dtype, "[256,256]", 0, 131_072))}",
      (0..<65_536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
  }

  @Test func everyBFloat16IsTheUpperHalfOfItsFloat() throws {
    let file = try opened(everyPattern("BF16"))
    let floats = try file.floats("a")
    let doubles = try file.doubles("a")
    for pattern in 0..<65_536 {
      let expected = Float(bitPattern: UInt32(pattern) << 16)
      try #require(floats[pattern].bitPattern == expected.bitPattern)
      try #require(
        expected.isNaN ? doubles[pattern].isNaN : doubles[pattern] == Double(expected))
    }
    #expect(floats[0x0001] == 0x1p-133)  // the least subnormal
    #expect(floats[0xFF80] == -.infinity)
    #expect(floats[0x8000].bitPattern == 0x8000_0000)
  }

  @Test func everyFloat16IsWidenedExactly() throws {
    let file = try opened(everyPattern("F16"))
    let floats = try file.floats("a")
    let doubles = try file.doubles("a")
    for pattern in 0..<65_536 {
      let sign: Float = pattern & 0x8000 == 0 ? 1 : -1
      let exponent = pattern >> 10 & 0x1F
      let fraction = Float(pattern & 0x3FF)
      if exponent == 31, fraction != 0 {
        // The payload moves with the fraction.
        try #require(
          floats[pattern].bitPattern
            == UInt32(pattern & 0x8000) << 16 | 0x7F80_0000 | UInt32(pattern & 0x3FF) << 13)
        try #require(doubles[pattern].isNaN)
        continue
      }
      let expected =
        switch exponent {
        case 31: sign * .infinity
        case 0: sign * fraction * 0x1p-24
        default:
          sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
        }
      try #require(floats[pattern].bitPattern == expected.bitPattern)
      try #require(doubles[pattern] == Double(expected))
    }
  }

  @Test func everyHalfSurvivesNarrowing() {
    for pattern in 0...UInt16.max {
      let fromHalf = HalfPrecision.float(float16: pattern)
      let fromBrain = HalfPrecision.float(bfloat16: pattern)
      // Narrowing sets the quiet bit of a NaN.
      #expect(HalfPrecision.float16(fromHalf) == (fromHalf.isNaN ? pattern | 0x0200 : pattern))
      #expect(
        HalfPrecision.bfloat16(fromBrain) == (fromBrain.isNaN ? pattern | 0x0040 : pattern))
    }
  }

  /// Around every float16 value and between neighbours, the three floats next to the boundary.
  @Test func narrowingRoundsToNearestTiesToEven() throws {
    for low in UInt16(0)..<0x7BFF {
      let (a, b) = (HalfPrecision.float(float16: low), HalfPrecision.float(float16: low + 1))
      let tie = (a + b) / 2
      let even = low & 1 == 0 ? low : low + 1
      try #require(HalfPrecision.float16(tie) == even)
      try #require(HalfPrecision.float16(tie.nextDown) == low)
      try #require(HalfPrecision.float16(tie.nextUp) == low + 1)
      try #require(HalfPrecision.float16(-tie) == even | 0x8000)
    }
    for low in UInt16(0)..<0x7F7F {
      let (a, b) = (
        Double(HalfPrecision.float(bfloat16: low)), HalfPrecision.float(bfloat16: low + 1)
      )
      let tie = Float((a + Double(b)) / 2)
      let even = low & 1 == 0 ? low : low + 1
      try #require(HalfPrecision.bfloat16(tie) == even)
      try #require(HalfPrecision.bfloat16(tie.nextDown) == low)
      try #require(HalfPrecision.bfloat16(tie.nextUp) == low + 1)
      try #require(HalfPrecision.bfloat16(-tie) == even | 0x8000)
    }
    #expect(HalfPrecision.float16(65_519.996) == 0x7BFF)
    #expect(HalfPrecision.float16(65_520) == 0x7C00)
    #expect(HalfPrecision.float16(.greatestFiniteMagnitude) == 0x7C00)
    #expect(HalfPrecision.float16(-.infinity) == 0xFC00)
    #expect(HalfPrecision.float16(Float(bitPattern: 0x7F80_0001)) == 0x7E00)
    #expect(HalfPrecision.bfloat16(.greatestFiniteMagnitude) == 0x7F80)
    #expect(HalfPrecision.bfloat16(-.infinity) == 0xFF80)
    #expect(HalfPrecision.bfloat16(Float(bitPattern: 0x7F80_0001)) == 0x7FC0)
  }

  @Test func wideTypesKeepTheirBitsAndRoundOnlyTowardsFloat() throws {
    let doubles: [Double] = [
      0, -0.0, 1, 0.1, 1e300, -1e300, .leastNonzeroMagnitude, .infinity, -.infinity, .nan,
      1 + 0x1p-24,
      1 + 0x1p-24 + 0x1p-52, 0x1.fffffep127,
    ]
    let count = doubles.count
    let bytes = doubles.flatMap { lengthField($0.bitPattern) }
    let file = try opened(fileBytes("{\(entry("a", "F64", "[\(count)]", 0, count * 8))}", bytes))
    let copied = try file.doubles("a")
    #expect(copied.map(\.bitPattern) == doubles.map(\.bitPattern))
    let rounded = try file.floats("a")
    #expect(rounded[3..<9] == [0.1, .infinity, -.infinity, 0, .infinity, -.infinity])
    #expect(rounded[9].isNaN)
    #expect(rounded[10...] == [1, 1 + 0x1p-23, .greatestFiniteMagnitude])
  }

  /// A signalling NaN included.
  @Test func floatsAreCopiedBitForBit() throws {
    let patterns: [UInt32] = [
      0, 0x8000_0000, 1, 0x7F80_0001, 0x7FC0_1234, 0xFF80_0000, 0x3F80_0001,
    ]
    let bytes = patterns.flatMap { lengthField(UInt64($0)).prefix(4) }
    let file = try opened(
      fileBytes("{\(entry("a", "F32", "[\(patterns.count)]", 0, bytes.count))}", bytes))
    let copied = try file.floats("a")
    #expect(copied.map(\.bitPattern) == patterns)
    let widened = try file.doubles("a")
    #expect(widened[2] == 0x1p-149)
    #expect(widened[3].isNaN && widened[4].isNaN)
    #expect(widened[5] == -.infinity)
  }

  /// More elements than are converted at a time, and a remainder.
  @Test func longTensorsAreConvertedWithoutSeams() throws {
    var generator = RandomKey(seed: 5).generator()
    let patterns = (0..<100_003).map { _ in UInt16(truncatingIfNeeded: generator.next()) }
    let bytes = patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let header =
      "{\(entry("pad", "U8", "[3]", 0, 3)),\(entry("a", "BF16", "[100003]", 3, 3 + bytes.count))}"
    let file = try opened(fileBytes(header, [1, 2, 3] + bytes))
    let floats = try file.floats("a")
    #expect(floats.map(\.bitPattern) == patterns.map { UInt32($0) << 16 })
  }
}

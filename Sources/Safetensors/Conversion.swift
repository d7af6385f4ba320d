// Converts element types to and from `Float` and `Double`, with plain loops that vectorise.

/// Half-precision formats as bit patterns. Swift's `Float16` would serve for one of them, but makes
/// a library call per element on machines without the instruction.
package enum HalfPrecision {
  /// Exact: bfloat16 is the upper half of a `Float`.
  @inline(__always)
  package static func float(bfloat16 bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  /// Exact, NaN's payload included.
  @inline(__always)
  package static func float(float16 bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    // Exponents are biased by 15 here and by 127 there; 13 more bits of fraction.
    let normal = magnitude << 13 &+ (127 - 15) << 23
    let subnormal = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
    let special = magnitude << 13 | 0x7F80_0000
    let pattern = magnitude < 0x0400 ? subnormal : magnitude >= 0x7C00 ? special : normal
    return Float(bitPattern: sign | pattern)
  }

  /// The nearest bfloat16, ties to even; overflows to infinity; NaN stays NaN.
  @inline(__always)
  package static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
    // The quiet bit keeps a NaN whose payload lies in the lower half from becoming infinity.
    return UInt16(truncatingIfNeeded: value.isNaN ? bits >> 16 | 0x0040 : rounded >> 16)
  }

  /// The nearest float16, ties to even; overflows to infinity; NaN stays NaN.
  @inline(__always)
  package static func float16(_ value: Float) -> UInt16 {
    let sign = value.bitPattern >> 16 & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    let pattern: UInt32
    if magnitude > 0x7F80_0000 {
      pattern = 0x7E00 | (magnitude >> 13 & 0x03FF)
    } else if magnitude >= 0x4780_0000 {  // 2^16
      pattern = 0x7C00
    } else if magnitude < 0x3880_0000 {  // 2^-14: the last place is 2^-24, that of 0.5 as a Float
      pattern = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
    } else {
      // A carry out of the fraction lands in the exponent, and at the largest exponent gives
      // infinity, as it should.
      pattern = (magnitude &- (127 - 15) << 23 &+ 0x0FFF &+ (magnitude >> 13 & 1)) >> 13
    }
    return UInt16(truncatingIfNeeded: sign | pattern)
  }
}

/// The two types that tensors are read as.
protocol ConversionTarget: BinaryFloatingPoint, BitwiseCopyable {
  /// The element type with the same bits.
  static var sameDType: DType { get }
}

extension Float: ConversionTarget {
  static var sameDType: DType { .f32 }
}

extension Double: ConversionTarget {
  static var sameDType: DType { .f64 }
}

/// Converts `target.count` elements; the source holds as many and is aligned to 8 bytes.
///
/// Widening is exact; F64 is rounded to the nearest `Float`, to infinity beyond its range.
@inline(__always)
func convert<Target: ConversionTarget>(
  _ source: UnsafeRawBufferPointer, _ dtype: DType, to target: UnsafeMutableBufferPointer<Target>
) {
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  switch dtype {
  case .bf16:
    let from = from.assumingMemoryBound(to: UInt16.self)
    for i in 0..<target.count { to[i] = Target(HalfPrecision.float(bfloat16: from[i])) }
  case .f16:
    let from = from.assumingMemoryBound(to: UInt16.self)
    for i in 0..<target.count { to[i] = Target(HalfPrecision.float(float16: from[i])) }
  case .f32:
    let from = from.assumingMemoryBound(to: Float.self)
    for i in 0..<target.count { to[i] = Target(from[i]) }
  case .f64:
    let from = from.assumingMemoryBound(to: Double.self)
    for i in 0..<target.count { to[i] = Target(from[i]) }
  default: preconditionFailure("\(dtype) cannot be converted")
  }
}

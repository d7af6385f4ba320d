// Philox4x32-10, the counter-based generator of Salmon et al. (SC 2011).

/// The block function; the reference values of Random123's `kat_vectors` test it.
package enum Philox {
  /// Four random words of one counter under one key.
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let first = UInt64(counter.x) * 0xD251_1F53  // PHILOX_M4x32_0
      let second = UInt64(counter.z) * 0xCD9E_8D57  // PHILOX_M4x32_1
      counter = SIMD4(
        UInt32(second >> 32) ^ counter.y ^ key.x, UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ counter.w ^ key.y, UInt32(truncatingIfNeeded: first))
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)  // PHILOX_W32: golden ratio, sqrt(3) - 1
    }
    return counter
  }
}

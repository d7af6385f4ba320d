// SHA-256 (FIPS 180-4), for the fingerprints of inputs and configurations.

/// A running SHA-256: `update` any number of times, then `finish`.
public struct SHA256: Sendable {
  private var state: SIMD8<UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []  // less than one block
  private var byteCount: UInt64 = 0

  /// The hash of nothing yet.
  public init() {}

  /// The hash of some bytes, as 64 hexadecimal digits.
  public static func hexadecimal(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes.span)
    return hash.finish()
  }

  /// Adds bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    byteCount += UInt64(bytes.count)
    var state = state
    var start = 0
    if !pending.isEmpty {
      while pending.count < 64, start < bytes.count {
        pending.append(bytes[start])
        start += 1
      }
      if pending.count < 64 { return }
      Self.compress(&state, pending.span, from: 0)
      pending.removeAll(keepingCapacity: true)
    }
    while bytes.count - start >= 64 {
      Self.compress(&state, bytes, from: start)
      start += 64
    }
    while start < bytes.count {
      pending.append(bytes[start])
      start += 1
    }
    self.state = state
  }

  /// The hash of everything added, as 64 hexadecimal digits. The running hash is used up.
  public consuming func finish() -> String {
    let bitCount = byteCount &* 8
    var padding: [UInt8] = [0x80]
    padding += [UInt8](repeating: 0, count: (119 - pending.count) % 64)
    for shift in stride(from: 56, through: 0, by: -8) {
      padding.append(UInt8(truncatingIfNeeded: bitCount >> shift))
    }
    update(padding.span)
    var text = ""
    for index in 0..<8 {
      let word = String(state[index], radix: 16)
      text += String(repeating: "0", count: 8 - word.count) + word
    }
    return text
  }

  /// One block of 64 bytes.
  private static func compress(
    _ state: inout SIMD8<UInt32>, _ bytes: Span<UInt8>, from start: Int
  ) {
    let block = bytes.extracting(start..<start + 64)
    var w = InlineArray<64, UInt32>(repeating: 0)
    for index in 0..<16 {
      let at = index &* 4
      w[index] =
        UInt32(block[at]) << 24 | UInt32(block[at &+ 1]) << 16 | UInt32(block[at &+ 2]) << 8
        | UInt32(block[at &+ 3])
    }
    for t in 16..<64 {
      let early = w[t &- 15]
      let late = w[t &- 2]
      let sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ early &>> 3
      let sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ late &>> 10
      w[t] = w[t &- 16] &+ sigma0 &+ w[t &- 7] &+ sigma1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    // Eight rounds at a time: the roles of the words go round, the words stay where they are.
    for t in stride(from: 0, to: 64, by: 8) {
      round(a, b, c, &d, e, f, g, &h, w[t] &+ roundConstants[t])
      round(h, a, b, &c, d, e, f, &g, w[t &+ 1] &+ roundConstants[t &+ 1])
      round(g, h, a, &b, c, d, e, &f, w[t &+ 2] &+ roundConstants[t &+ 2])
      round(f, g, h, &a, b, c, d, &e, w[t &+ 3] &+ roundConstants[t &+ 3])
      round(e, f, g, &h, a, b, c, &d, w[t &+ 4] &+ roundConstants[t &+ 4])
      round(d, e, f, &g, h, a, b, &c, w[t &+ 5] &+ roundConstants[t &+ 5])
      round(c, d, e, &f, g, h, a, &b, w[t &+ 6] &+ roundConstants[t &+ 6])
      round(b, c, d, &e, f, g, h, &a, w[t &+ 7] &+ roundConstants[t &+ 7])
    }
    state &+= SIMD8(a, b, c, d, e, f, g, h)
  }

  @inline(always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
    _ g: UInt32, _ h: inout UInt32, _ input: UInt32
  ) {
    h &+= (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ (g ^ (e & (f ^ g))) &+ input
    d &+= h
    h &+= (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ ((a & b) | (c & (a | b)))
  }

  @inline(always)
  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word &>> count | word &<< (32 &- count)
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let roundConstants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}

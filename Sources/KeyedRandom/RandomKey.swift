// Counter-based random numbers: a number depends only on its key and its index, so results do not
// depend on threads, batching or interruptions.

/// A key of the Philox4x32-10 generator (Salmon et al., "Parallel random numbers: as easy as 1, 2,
/// 3", SC 2011), and a node in a tree of named streams.
///
/// Deriving the same labels in the same order always gives the same stream, so no generator state
/// has to be saved when a run is interrupted.
public struct RandomKey: Sendable, Hashable {
  /// The 64 bits that key Philox.
  public let bits: UInt64

  /// The root key of a run.
  public init(seed: UInt64) {
    bits = seed
  }

  /// The key of a child stream, one label at a time: `key.derive(step, problem, sample)`.
  ///
  /// The child is the first 64 bits of this key's Philox block at counter (label, depth mark), so
  /// children of different labels and a key's own numbers never share a block.
  public func derive(_ labels: UInt64...) -> RandomKey {
    labels.reduce(self) { key, label in
      let words = key.block(counter: label, domain: .derivation)
      return RandomKey(seed: UInt64(words.x) | UInt64(words.y) << 32)
    }
  }

  /// The key of a stream named by text, for the few streams that a run names once.
  public func derive(_ name: StaticString) -> RandomKey {
    // FNV-1a; it only has to give different keys to the stream names of this package.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return derive(hash)
  }

  /// The stream of numbers of this key.
  public func generator() -> KeyedGenerator {
    KeyedGenerator(key: self)
  }

  enum Domain: UInt32 {
    case numbers = 0
    case derivation = 1
  }

  /// Philox4x32 with ten rounds on the counter (counter, domain, 0).
  func block(counter: UInt64, domain: Domain) -> SIMD4<UInt32> {
    Philox.block(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
        domain.rawValue, 0),
      key: SIMD2(UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)))
  }
}

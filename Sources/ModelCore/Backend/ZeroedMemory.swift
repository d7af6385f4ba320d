// Zeroed memory of a given size, large pieces in huge pages.
import Glibc

/// The allocation of a `Buffer`. Zero bits are 0.0 in every scalar type.
enum ZeroedMemory {
  /// From this size on memory is mapped. The kernel provides zeroed pages when they are first
  /// touched, so unused memory costs nothing, and huge pages avoid most page faults.
  private static let mappedSize = 4 << 20
  private static let alignment = 64

  /// - Parameter isSparse: Whether most of it will never be touched: then small pages keep what is touched small.
  static func allocate(byteCount: Int, isSparse: Bool = false) -> UnsafeMutableRawPointer {
    guard byteCount >= mappedSize else {
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: max(byteCount, 1), alignment: alignment)
      memset(memory, 0, max(byteCount, 1))
      return memory
    }
    let memory = mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { MemoryExhaustion.end(byteCount: byteCount) }
    // A hint: where it fails, the other size serves.
    madvise(memory, byteCount, isSparse ? MADV_NOHUGEPAGE : MADV_HUGEPAGE)
    return memory
  }

  static func deallocate(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount >= mappedSize {
      munmap(memory, byteCount)
    } else {
      memory.deallocate()
    }
  }
}

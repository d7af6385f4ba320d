// Checks the heaps in which texts of variable length are stored, before libhdf5 reads them.
//
// libhdf5 1.10 walks a heap without checks: an object of size 0 makes it loop for ever, and one that
// is too long makes it read outside its memory. Blocks of zeros, which disks and interrupted copies
// leave, are the usual cause of the first.
import Glibc

/// The collections of the global heap (version 1 of the format):
///
///     "GCOL", version, 3 bytes, size of the collection: 8 bytes
///     objects: index: 2 bytes, references: 2 bytes, 4 bytes, size: 8 bytes, data in multiples of 8
///
/// Object 0 is the free space, and its size includes its head.
struct GlobalHeapCheck {
  private static let signature = Array("GCOL\u{1}\u{0}\u{0}\u{0}".utf8)
  private static let headSize = 16
  private static let window = 1 << 20
  /// A longer collection is not walked; libhdf5 makes them of 4 KiB, or as long as one text.
  private static let maximumSize = 1 << 32

  private let descriptor: CInt

  /// The error of the first collection of a file that libhdf5 could not read; nil if all are sound, or
  /// if the file cannot be read, which opening it reports.
  static func fault(in place: Place) -> HDF5Error? {
    let descriptor = open(place.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let address = GlobalHeapCheck(descriptor: descriptor).firstFault() else { return nil }
    return place.error("damaged: the heap of texts at byte \(address) (expected an intact file)")
  }

  private func firstFault() -> Int? {
    // Windows overlap, so that no signature is missed at an edge.
    var start = 0
    var bytes = [UInt8](repeating: 0, count: Self.window)
    while true {
      let count = read(at: start, into: &bytes)
      guard count >= Self.headSize else { return nil }
      for place in Self.signatures(in: bytes, count) where !isSound(at: start + place) {
        return start + place
      }
      if count < Self.window { return nil }
      start += count - Self.signature.count + 1
    }
  }

  private static func signatures(in bytes: [UInt8], _ count: Int) -> [Int] {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return [] }
      var places: [Int] = []
      var start = 0
      // The first byte by memchr, which reads many at a time: files may have gigabytes.
      while start <= count - signature.count,
        let found = memchr(base + start, CInt(signature[0]), count - signature.count + 1 - start)
      {
        let place = UnsafeRawPointer(found) - base
        if memcmp(found, signature, signature.count) == 0 { places.append(place) }
        start = place + 1
      }
      return places
    }
  }

  /// Walks one collection as libhdf5 does.
  private func isSound(at address: Int) -> Bool {
    var head = [UInt8](repeating: 0, count: Self.headSize)
    func word(_ offset: Int, _ count: Int) -> UInt64 {
      head[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard read(at: address, into: &head) == head.count else { return true }
    let size = word(8, 8)
    // Texts of this kind of bytes are no collection; libhdf5 itself refuses sizes beyond the file.
    guard size >= 4096, size < UInt64(Self.maximumSize) else { return true }
    let end = address + Int(size)
    var place = address + Self.headSize
    var seen: Set<UInt64> = []
    while end - place >= Self.headSize {
      guard read(at: place, into: &head) == head.count else { return true }
      let (index, length) = (word(0, 2), word(8, 8))
      guard length <= size, seen.insert(index).inserted else { return false }
      let step = index == 0 ? Int(length) : Self.headSize + (Int(length) + 7) / 8 * 8
      guard step > 0, step <= end - place else { return false }
      place += step
    }
    return true
  }

  /// Fills a buffer from an offset; returns the number of bytes read.
  private func read(at offset: Int, into bytes: inout [UInt8]) -> Int {
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        pread(
          descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count,
          off_t(offset + count))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      count += got
    }
    return count
  }
}

// The version and kernels of OpenBLAS, the one setting that is made, and its memory.
import COpenBLAS
import Glibc
import Synchronization

/// The linear algebra library that the model core uses.
public enum BLAS {
  /// The kernels in use, for example `Zen` or `SkylakeX`; the environment variable
  /// OPENBLAS_CORETYPE selects others. Results differ between kernels in the last bits.
  public static var core: String {
    useOneThread
    return String(cString: openblas_get_corename())
  }

  /// Version and build options.
  public static var version: String {
    String(cString: openblas_get_config())
  }

  /// Sets one BLAS thread per worker. Work is parallel over workers only, so results do not depend
  /// on how the library would divide a product among threads. Evaluated once, by the first
  /// workspace.
  static let useOneThread: Void = openblas_set_num_threads(1)

  /// Buffers that OpenBLAS has.
  private static let bufferCount = Mutex(0)
  /// OpenBLAS's BUFFER_SIZE on x86-64; elsewhere it is at most this.
  private static let bufferSize = 128 << 20
  /// Address space of a worker besides: its stack, and what malloc sets aside for a thread.
  private static let workerSize = 144 << 20
  /// Address space for everything small. Its allocations end the program without a word if they fail.
  private static let smallSize = 256 << 20

  /// Where the address space is limited (`ulimit -v`), makes OpenBLAS take the buffers of so many workers
  /// now, and makes sure that the workers can live.
  ///
  /// OpenBLAS would take a buffer in the first product of each worker, and it asks for ever where there is
  /// no room for one (OpenBLAS issue 5289). A lack of room that is found here ends the process by
  /// `MemoryExhaustion`.
  package static func reserveBuffers(_ count: Int) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    else { return }
    bufferCount.withLock { reserved in
      guard count > reserved else { return }
      let size = (count - reserved) * bufferSize + count * workerSize + smallSize
      let place = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      guard place != MAP_FAILED else { MemoryExhaustion.end(byteCount: size) }
      munmap(place, size)
      // More at once than OpenBLAS has threads (64 in Debian's build) would exceed its table of buffers.
      let buffers = (0..<min(count, 64)).map { _ in blas_memory_alloc(0) }
      for buffer in buffers { blas_memory_free(buffer) }
      reserved = count
    }
  }
}

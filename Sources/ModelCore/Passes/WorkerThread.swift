// Threads whose start may fail, which Foundation's Thread does not tell.
import Glibc

/// A thread of the system that is not waited for.
package enum WorkerThread {
  /// No thread could be started: a limit on processes, or no room for the stack.
  package struct Failure: Error, CustomStringConvertible {
    /// errno.
    package let code: CInt

    package var description: String {
      "no thread can be started: \(String(cString: strerror(code))) (expected at least one; ulimit -u "
        + "and ulimit -v limit them)"
    }
  }

  private static let stackSize = 16 << 20

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread that runs `body` once.
  ///
  /// - Returns: 0, or the system's error, such as EAGAIN under a limit on processes (`ulimit -u`) or
  ///   without room for the stack.
  static func start(_ body: @escaping @Sendable () -> Void) -> CInt {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackSize)
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    // The thread takes the reference over; without a thread it is released here.
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { work in
        if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    if code != 0 { work.release() }
    return code
  }
}

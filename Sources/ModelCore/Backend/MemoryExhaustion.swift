// What happens when the machine has no more memory.
import Glibc
import Synchronization

/// What a program does when the memory for parameters, gradients or activations cannot be had.
///
/// Memory is the one resource whose lack no caller of the library can answer: an allocation deep
/// inside a pass has nothing to return. So the program decides once, before its first model, how it
/// ends.
///
///     MemoryExhaustion.setHandler { byteCount in
///       print("out of memory (\(byteCount) bytes more were asked for)")
///       exit(3)
///     }
///
/// Without a handler the process writes a line to standard error and traps.
public enum MemoryExhaustion {
  /// Ends the process; it gets the number of bytes that were asked for in vain.
  public typealias Handler = @Sendable (_ byteCount: Int) -> Never

  private static let handler = Mutex<Handler>({ byteCount in
    // A release build does not print a trap's message.
    let message = "out of memory (\(byteCount >> 20) MiB more were asked for)\n"
    _ = message.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    preconditionFailure("out of memory")
  })

  /// Sets what happens from now on, on every thread.
  ///
  /// - Parameter new: may run on any thread, with little memory left.
  public static func setHandler(_ new: @escaping Handler) {
    handler.withLock { $0 = new }
  }

  /// Ends the process as the program wants it.
  package static func end(byteCount: Int) -> Never {
    handler.withLock(\.self)(byteCount)
  }
}

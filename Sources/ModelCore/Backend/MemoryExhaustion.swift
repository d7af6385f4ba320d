// What happens when the machine has no more memory.
import Glibc
import Synchronization

/// What a program does when memory for parameters, gradients or activations cannot be allocated.
///
/// Callers of the library cannot handle a lack of memory, since an allocation deep inside a pass
/// cannot return an error. So the program decides once, before its first model, how it ends.
///
///     MemoryExhaustion.setHandler { byteCount in
///       print("out of memory (\(byteCount) bytes more were asked for)")
///       exit(3)
///     }
///
/// Without a handler the process writes a line to standard error and traps.
public enum MemoryExhaustion {
  /// Ends the process. Its argument is the number of bytes that could not be allocated.
  public typealias Handler = @Sendable (_ byteCount: Int) -> Never

  private static let handler = Mutex<Handler>({ byteCount in
    // A release build does not print a trap's message.
    let message = "out of memory (\(byteCount >> 20) MiB more were asked for)\n"
    _ = message.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    preconditionFailure("out of memory")
  })

  /// Sets the handler for all threads from now on.
  ///
  /// - Parameter new: may run on any thread, with little memory left.
  public static func setHandler(_ new: @escaping Handler) {
    handler.withLock { $0 = new }
  }

  /// Ends the process by calling the handler.
  package static func end(byteCount: Int) -> Never {
    handler.withLock(\.self)(byteCount)
  }
}

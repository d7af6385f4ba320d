// The lock of libhdf5: all code that calls the library holds it.
import CHDF5
import Foundation

enum Library {
  /// A thread-safe build of libhdf5 serialises single calls only, and other builds not even those.
  /// A sequence of calls, and every `deinit`, needs one lock. It is re-entrant because a `deinit`
  /// may run inside a sequence.
  private static let lock = NSRecursiveLock()

  /// At exit libhdf5 would again try to close objects that failed to close on a full disk, and hang
  /// or crash.
  private static let started: Void = { _ = H5dont_atexit() }()

  /// Runs `body` while no other thread is inside libhdf5.
  static func locked<Result>(
    _ body: () throws(HDF5Error) -> Result
  ) throws(HDF5Error) -> Result {
    enter()
    defer { leave() }
    return try body()
  }

  static func enter() {
    lock.lock()
    _ = started
    // Automatic printing of errors is a setting of each thread, so every entry switches it off.
    H5Eset_auto2(chdf5_error_stack(), nil, nil)
  }

  static func leave() { lock.unlock() }
}

// The one door to libhdf5: everything that calls it holds this lock.
import CHDF5
import Foundation

enum Library {
  /// A thread-safe libhdf5 serialises single calls only, others not even those; a sequence of calls
  /// and every `deinit` needs one lock. Re-entrant, because a `deinit` may run inside a sequence.
  private static let lock = NSRecursiveLock()

  /// At exit libhdf5 would close once more what failed to close on a full disk, and hang or crash.
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
    // Automatic printing of errors belongs to a thread, so each entry switches it off anew.
    H5Eset_auto2(chdf5_error_stack(), nil, nil)
  }

  static func leave() { lock.unlock() }
}

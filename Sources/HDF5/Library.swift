// The lock of libhdf5: all code that calls the library holds it.
import CHDF5
import Foundation
import Synchronization

enum Library {
  /// A thread-safe build of libhdf5 serialises single calls only, and other builds not even those.
  /// A sequence of calls, and every `deinit`, needs one lock. It is re-entrant because a `deinit`
  /// may run inside a sequence.
  private static let lock = NSRecursiveLock()

  /// At exit libhdf5 would again try to close objects that failed to close on a full disk, and hang
  /// or crash.
  private static let started: Void = { _ = H5dont_atexit() }()

  /// Seconds of processor time that a sequence of calls may take before the process gets SIGPROF; 0 for
  /// no limit.
  static let timeLimit = Atomic<Int>(0)

  /// How often the lock is held, by the thread that has it, and whether its clock runs.
  private nonisolated(unsafe) static var depth = 0
  private nonisolated(unsafe) static var isTimed = false

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
    depth += 1
    let limit = timeLimit.load(ordering: .relaxed)
    if depth == 1, limit > 0 { setTimer(limit) }
    // Automatic printing of errors is a setting of each thread, so every entry switches it off.
    H5Eset_auto2(chdf5_error_stack(), nil, nil)
  }

  static func leave() {
    depth -= 1
    if depth == 0, isTimed { setTimer(0) }
    lock.unlock()
  }

  /// Starts or stops the clock of the sequence of calls.
  private static func setTimer(_ seconds: Int) {
    isTimed = seconds > 0
    var timer = itimerval()
    timer.it_value.tv_sec = seconds
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }
}

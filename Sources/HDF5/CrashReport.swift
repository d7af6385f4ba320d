// A last resort for malicious files: turns a crash of libhdf5, or an endless loop in it, into one line and
// an exit status.
import Foundation
import Synchronization

/// Address and length of the line, as atomics, since a signal handler can use little else.
private let lineAddress = Atomic<UInt>(0)
private let lineLength = Atomic<Int>(0)
private let exitStatus = Atomic<CInt>(0)

extension HDF5File {
  /// Runs `body`; if the process crashes meanwhile, or libhdf5 takes more than a minute of processor time
  /// for one access, writes `line` to standard error and exits with `status` instead.
  ///
  /// libhdf5 1.10 does not check the heap in which a file's texts are stored. About one in thirty
  /// files with a few changed bytes makes it read or write outside its memory. A program that reads
  /// files of others should report that as an error, not with a stack trace. Calls must not be
  /// nested.
  ///
  /// It replaces the process's handlers of five signals and its profiling timer while `body` runs, so it
  /// is for programs. No other declaration of this module ends a process or handles a signal.
  public static func reportingCrashes<Result, Failure: Error>(
    as line: String, status: CInt, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let text = Array((line + "\n").utf8)
    // Must outlive the call, since the handler may run on any thread until the old handlers are
    // restored.
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
    _ = copy.initialize(from: text)
    lineAddress.store(copy.baseAddress.map { UInt(bitPattern: $0) } ?? 0, ordering: .releasing)
    lineLength.store(text.count, ordering: .releasing)
    exitStatus.store(status, ordering: .releasing)
    let signals = [SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGPROF]
    let previous = signals.map { number in
      signal(number) { _ in
        let address = UnsafeRawPointer(bitPattern: lineAddress.load(ordering: .acquiring))
        if let address { write(STDERR_FILENO, address, lineLength.load(ordering: .acquiring)) }
        _exit(exitStatus.load(ordering: .acquiring))
      }
    }
    Library.timeLimit.store(60, ordering: .relaxed)
    defer {
      Library.timeLimit.store(0, ordering: .relaxed)
      for (number, handler) in zip(signals, previous) { signal(number, handler) }
      copy.deallocate()
    }
    return try body()
  }
}

// Ctrl-C and termination: long loops poll a flag and finish the current item.
import Glibc
import Synchronization

/// Whether the user asked the program to stop.
enum Interruption {
  private static let requests = Atomic<Int>(0)

  /// True after the first SIGINT or SIGTERM; loops poll it.
  static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// Throws once the flag is set.
  static func check() throws(CommandFailure) {
    if isRequested { throw .interrupted("interrupted") }
  }

  /// Sets the flag at the first signal and ends the program at once at the second.
  ///
  /// Installed even where the signal was ignored before: a shell script's background job is then
  /// still stopped by `kill -INT`. Writing to a closed pipe is an error that `Console` ignores,
  /// not the end of a run whose results are about to be saved.
  static func install() {
    // The handler may only do what is safe inside a signal: an atomic addition and _exit. Reading
    // the flag here makes sure that it is initialised before.
    _ = isRequested
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
    signal(SIGPIPE, SIG_IGN)
    // A parent that starts programs from a worker thread (Foundation's Process does) hands down
    // that thread's mask, in which these signals are blocked. The pointer is that of a local set,
    // for the length of the call.
    var none = sigset_t()
    unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
  }
}

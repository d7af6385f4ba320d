// Signals that ask for an end: long loops poll a flag and finish the current item.
import Foundation
import Glibc
import Synchronization

/// Whether the program was asked to stop, and by which signal.
enum Interruption {
  /// The first signal; 0 before.
  private static let first = Atomic<Int32>(0)
  /// Whether a signal ends the program at once, since nothing would be lost.
  private static let endsAtOnce = Atomic<Bool>(false)

  /// Terminals, shells, batch systems and resource limits ask for an end by these.
  private static let requests = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ]

  /// True after the first signal; loops poll it.
  static var isRequested: Bool { first.load(ordering: .relaxed) != 0 }

  /// 128 and the number of the first signal, as shells report it; that of Ctrl-C before any.
  static var exitStatus: Int32 {
    let number = first.load(ordering: .relaxed)
    return 128 + (number == 0 ? SIGINT : number)
  }

  /// Whether a file has reached the limit on file sizes (`ulimit -f`); the write fails as well.
  static var isFileTooLarge: Bool { first.load(ordering: .relaxed) == SIGXFSZ }

  /// Throws once the flag is set.
  static func check() throws(CommandFailure) {
    if isRequested { throw .interrupted("interrupted") }
  }

  /// Runs `body`, which may wait for others or never end and has nothing to save: the first signal
  /// ends the program.
  static func endingAtOnce<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if isRequested {
      Console.note("prerl: interrupted")
      _exit(exitStatus)
    }
    let before = endsAtOnce.exchange(true, ordering: .relaxed)
    defer { endsAtOnce.store(before, ordering: .relaxed) }
    return try body()
  }

  /// Sets the flag at the first signal and ends the program at once at a second SIGINT or SIGTERM.
  /// SIGQUIT ends it at once in any case.
  ///
  /// SIGINT and SIGTERM are caught even where they were ignored before: a shell script's background
  /// job is then still stopped by `kill -INT`. The others stay ignored, which `nohup` relies on.
  /// Writing to a closed pipe is an error that `Console` ignores, not the end of a run whose results
  /// are about to be saved.
  static func install() {
    // The handler may only do what is safe inside a signal: atomics and _exit. Reading them here makes
    // sure that they are initialised before.
    _ = isRequested
    _ = endsAtOnce.load(ordering: .relaxed)
    let ignored = ignoredSignals()
    for number in requests where number == SIGINT || number == SIGTERM || !ignored(number) {
      signal(number) { number in
        let isFirst = Interruption.first.compareExchange(
          expected: 0, desired: number, ordering: .relaxed
        ).exchanged
        // Limits repeat their signal, and batch systems send one to several processes of a job.
        let insists = !isFirst && (number == SIGINT || number == SIGTERM)
        let endsAtOnce = Interruption.endsAtOnce.load(ordering: .relaxed)
        if endsAtOnce {
          // write is safe inside a signal; the text is a constant.
          let message: StaticString = "prerl: interrupted\n"
          _ = unsafe write(2, message.utf8Start, message.utf8CodeUnitCount)
        }
        if insists || endsAtOnce { _exit(128 + number) }
      }
    }
    signal(SIGQUIT) { _exit(128 + $0) }
    signal(SIGPIPE, SIG_IGN)
    // A parent that starts programs from a worker thread (Foundation's Process does) hands down
    // that thread's mask, in which these signals are blocked. The pointer is that of a local set,
    // for the length of the call.
    var none = sigset_t()
    unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
  }

  /// Which signals the parent has this program ignore.
  private static func ignoredSignals() -> (Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
    let mask =
      line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
    return { mask >> UInt64($0 - 1) & 1 == 1 }
  }
}

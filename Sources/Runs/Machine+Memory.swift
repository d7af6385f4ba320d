// How much memory the program may use.
import Foundation

extension Machine {
  /// Bytes of memory of the machine, or of the container that the program runs in.
  public static var memoryByteCount: Int {
    let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    // Limits of version 2 and version 1 of Linux's control groups; "max" where there is none.
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    let limits = files.compactMap { path in
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    return limits.filter { $0 > 0 }.reduce(physical, min)
  }

  /// What of it a run uses unless it is told otherwise: an eighth is left to everything else.
  public static var defaultMemoryLimit: Int { memoryByteCount / 8 * 7 }
}

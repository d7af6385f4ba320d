// How many cores the program may use.
import Foundation

extension Machine {
  /// The cores that the program may use: those that it may be scheduled on, within the quota of its
  /// control groups, the allocation of a Slurm task and OMP_NUM_THREADS. At least 1.
  ///
  /// More workers than that would only wait for each other.
  public static var usableCoreCount: Int {
    func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
    let environment = ProcessInfo.processInfo.environment
    return usableCoreCount(
      of: ProcessInfo.processInfo.activeProcessorCount,
      slurm: environment["SLURM_CPUS_PER_TASK"], openMP: environment["OMP_NUM_THREADS"], read: read)
  }

  /// The same from the files of a system with `count` processors.
  package static func usableCoreCount(
    of count: Int, slurm: String?, openMP: String? = nil, read: (String) -> String?
  ) -> Int {
    let limits = [
      read("/proc/self/status").flatMap(allowedCount), quota(read), slurm.flatMap { Int($0) },
      // One number for each level of nested parallelism; the first is ours.
      openMP.flatMap { $0.split(separator: ",").first }.flatMap { Int($0) },
    ]
    return max(1, limits.compactMap(\.self).filter { $0 > 0 }.reduce(count, min))
  }

  /// The processors that the scheduler may choose (sched_getaffinity), such as `0-3,8`.
  private static func allowedCount(_ status: String) -> Int? {
    let key = "Cpus_allowed_list:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else {
      return nil
    }
    let ranges = line.dropFirst(key.count).split(separator: ",").map { range in
      range.split(separator: "-").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    }
    let count = ranges.reduce(0) { $0 + max(0, ($1.last ?? 0) - ($1.first ?? 1) + 1) }
    return count > 0 ? count : nil
  }

  /// The smallest quota of processor time, in cores rounded up, of the control groups that the process
  /// is in; nil without one.
  private static func quota(_ read: (String) -> String?) -> Int? {
    var quotas: [Double] = []
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      // `0::/a/b` in version 2, `4:cpu,cpuacct:/a/b` in version 1.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      guard controllers.isEmpty || controllers.contains("cpu") else { continue }
      for folder in folders(above: parts[2]) {
        let limit =
          controllers.isEmpty
          ? read("/sys/fs/cgroup\(folder)/cpu.max")
          : ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
            .map { read("/sys/fs/cgroup/cpu\(folder)/\($0)") ?? "" }.joined(separator: " ")
        // Microseconds in each period; "max" or -1 where there is no limit.
        let numbers = (limit ?? "").split(whereSeparator: \.isWhitespace).map { Double($0) ?? 0 }
        guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { continue }
        quotas.append(numbers[0] / numbers[1])
      }
    }
    return quotas.min().map { Int(min($0, 1e6).rounded(.up)) }
  }

  /// `/a/b`, `/a` and the top; a container's own group is mounted at the top.
  private static func folders(above path: Substring) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).reversed().map { count in
      names.prefix(count).map { "/" + $0 }.joined()
    }
  }
}

import Foundation
import Runs
import Testing

/// The cores of a process on systems that are described by their files.
@Suite struct MachineCoresTests {
  private static func count(
    _ files: [String: String], slurm: String? = nil, openMP: String? = nil
  ) -> Int {
    Machine.usableCoreCount(of: 64, slurm: slurm, openMP: openMP) { files[$0] }
  }

  @Test func aSystemThatSaysNothingHasAllCores() {
    #expect(Self.count([:]) == 64)
    #expect(
      Self.count([
        "/proc/self/status": "Name:\tprerl\n", "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/cpu.max": "max 100000\n",
      ]) == 64)
  }

  @Test(arguments: [("0", 1), ("0-3", 4), ("0-3,8,10-11", 7), ("0-255", 64), ("", 64)])
  func affinityCounts(list: String, cores: Int) {
    #expect(Self.count(["/proc/self/status": "Cpus_allowed_list:\t\(list)\nMems:\t0\n"]) == cores)
  }

  /// The limit of a group binds the groups in it; parts of a core are rounded up.
  @Test func quotasOfBothVersionsCount() {
    let v2 = "0::/job/step\n"
    #expect(
      Self.count(["/proc/self/cgroup": v2, "/sys/fs/cgroup/job/step/cpu.max": "150000 100000"]) == 2
    )
    #expect(
      Self.count([
        "/proc/self/cgroup": v2, "/sys/fs/cgroup/job/cpu.max": "300000 100000",
        "/sys/fs/cgroup/job/step/cpu.max": "max 100000",
      ]) == 3)
    let v1 = "5:memory:/other\n4:cpu,cpuacct:/docker/x\n"
    #expect(
      Self.count([
        "/proc/self/cgroup": v1, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000\n",
      ]) == 2)
    #expect(
      Self.count([
        "/proc/self/cgroup": v1, "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
      ]) == 64)
  }

  @Test(arguments: [("6", 6), ("128", 64), ("0", 64), ("many", 64)])
  func slurmsAllocationCounts(text: String, cores: Int) {
    #expect(Self.count([:], slurm: text) == cores)
  }

  @Test(arguments: [("6", 6), ("4,2", 4), ("128", 64), ("0", 64), ("", 64), ("auto", 64)])
  func openMPsThreadsCount(text: String, cores: Int) {
    #expect(Self.count([:], openMP: text) == cores)
    #expect(Self.count([:], slurm: "3", openMP: text) == min(3, cores))
  }

  @Test func thisProcessHasAtLeastOne() {
    #expect((1...ProcessInfo.processInfo.processorCount).contains(Machine.usableCoreCount))
  }
}

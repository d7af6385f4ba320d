// The machine that a result was made on, as far as it can affect the bits of a number.
import Foundation

/// Processor, operating system and kernel. The host's name is deliberately left out.
public struct Machine: Sendable, Hashable {
  /// The processor's model name, or "unknown".
  public let processor: String
  /// The instruction sets that determine the kernels of numerical libraries, sorted.
  public let instructionSets: [String]
  /// The number of logical processors.
  public let processorCount: Int
  /// The operating system's name and version.
  public let operatingSystem: String
  /// The kernel's release.
  public let kernel: String

  /// This machine; "unknown" for information that the system does not provide.
  public static func current() -> Machine {
    func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
    return Machine(
      processorInformation: read("/proc/cpuinfo") ?? "",
      processorCount: ProcessInfo.processInfo.activeProcessorCount,
      operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString,
      kernel: read("/proc/sys/kernel/osrelease")?.trimmingCharacters(in: .whitespacesAndNewlines)
        ?? "unknown")
  }

  /// From the text of /proc/cpuinfo, in the words of x86 ("model name", "flags") or ARM
  /// ("CPU part", "Features").
  package init(
    processorInformation text: String, processorCount: Int, operatingSystem: String, kernel: String
  ) {
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let key = parts[0].trimmingCharacters(in: .whitespaces)
      if fields[key] == nil { fields[key] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    processor = fields["model name"] ?? fields["CPU part"] ?? "unknown"
    let all = Set(
      (fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
    let prefixes = ["sse4", "avx", "amx", "sve", "sme"]
    let names: Set<String> = ["fma", "f16c", "asimd", "asimddp", "asimdhp", "bf16", "i8mm"]
    instructionSets = all.filter { name in
      names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }.sorted()
    self.processorCount = processorCount
    self.operatingSystem = operatingSystem
    self.kernel = kernel
  }
}

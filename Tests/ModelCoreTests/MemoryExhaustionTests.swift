// What happens when memory cannot be had is the program's choice.
import Glibc
import ModelCore
import Testing

@Suite struct MemoryExhaustionTests {
  @Test func theProgramsHandlerEndsTheProcess() async {
    await #expect(processExitsWith: .exitCode(7)) {
      MemoryExhaustion.setHandler { byteCount in exit(byteCount == 1 << 48 ? 7 : 8) }
      // More than the address space of a process: refused whatever the machine's settings are.
      _ = Buffer<Float>(count: 1 << 46)
    }
  }

  @Test func withoutAHandlerTheProcessSaysWhyAndTraps() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Buffer<Float>(count: 1 << 46)
      exit(0)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.hasPrefix("out of memory (268435456 MiB more were asked for)\n"))
  }
}

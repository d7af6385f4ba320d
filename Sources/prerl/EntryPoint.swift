// The start and the end of the program: every error becomes one line and an exit status here.
import ArgumentParser
import Foundation
import ModelCore
import Runs

@main
enum EntryPoint {
  static func main() {
    Interruption.install()
    MemoryExhaustion.setHandler { byteCount in
      Console.note("prerl: out of memory (\(byteCount >> 20) MiB more were asked for)")
      exit(3)
    }
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs a command line and returns the exit status (see COMMANDS.md).
  private static func run(_ arguments: [String]) -> Int32 {
    do {
      do {
        var command = try Prerl.parseAsRoot(arguments)
        try checkKernels()
        try command.run()
        return 0
      } catch  where Prerl.exitCode(for: error) == .success {
        // Help and version arrive as errors.
        try Console.print(Prerl.fullMessage(for: error))
        return 0
      }
    } catch {
      let failure = CommandFailure(reporting: error, arguments: arguments)
      Console.note("prerl: \(failure.message)")
      return failure.status
    }
  }
  /// OpenBLAS uses the kernels that OPENBLAS_CORETYPE names without checking the processor. AVX-512
  /// kernels crash on a processor without AVX-512, so they are refused here.
  private static func checkKernels() throws(CommandFailure) {
    guard let name = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"],
      ["skylakex", "cooperlake", "sapphirerapids"].contains(name.lowercased()),
      !Machine.current().instructionSets.contains("avx512f")
    else { return }
    throw .usage(
      "OPENBLAS_CORETYPE is \(name), kernels for AVX-512, which this processor lacks (expected "
        + "Haswell, Zen or the variable unset)")
  }
}

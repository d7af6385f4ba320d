// The start and the end of the program: every error becomes one line and an exit status here.
import ArgumentParser
import Foundation
import Glibc
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
        openStandardStreams()
        try checkOpenFiles()
        try checkArguments()
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
      return failure.status == 3 && Interruption.isFileTooLarge
        ? Interruption.exitStatus : failure.status
    }
  }

  /// A stream that the caller has closed would be the number of the next file that is opened, and
  /// progress would be written into that file. Reading and writing still fail, as on a closed stream.
  private static func openStandardStreams() {
    for stream in 0...2 where fcntl(CInt(stream), F_GETFD) == -1 {
      // The lowest free number is the stream's.
      _ = unsafe open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY)
    }
  }

  /// Foundation ends the program without a word where it cannot open a pipe to another program. The
  /// program itself opens far fewer files than this.
  private static func checkOpenFiles() throws(CommandFailure) {
    let needed: rlim_t = 64
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < needed else { return }
    limit.rlim_cur = min(needed, limit.rlim_max)
    guard unsafe setrlimit(resource, &limit) == 0, limit.rlim_cur >= needed else {
      throw .machine(
        "at most \(limit.rlim_cur) open files are allowed (expected at least \(needed): ulimit -n)")
    }
  }

  /// Swift repairs arguments that are not UTF-8, and a repaired path names another file.
  private static func checkArguments() throws(CommandFailure) {
    let bytes = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
    let arguments = [UInt8](bytes).split(separator: 0, omittingEmptySubsequences: false)
    for argument in arguments where String(validating: argument, as: UTF8.self) == nil {
      throw .usage(
        "the argument \(String(decoding: argument, as: UTF8.self)) is not UTF-8 (expected text and "
          + "names of files in UTF-8)")
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

// A full disk is reported, at the latest by `close()`, and leaves a process that can go on.
import Foundation
import HDF5
import Testing

@Suite struct DurabilityTests {
  /// A limit on file sizes stands for a full disk: both fail in the same call, with another number.
  /// Each shape of data fails somewhere else: while writing, when a dataset closes, or at the end.
  @Test(arguments: [0, 1, 2, 3]) func aFullDiskSurfaces(_ kind: Int) async throws {
    try await withTemporaryFolder { folder in
      await #expect(processExitsWith: .success) { [kind, folder = folder as String] in
        signal(SIGXFSZ, SIG_IGN)
        alarm(60)  // libhdf5 has been seen to loop at exit
        var limit = rlimit(rlim_cur: kind == 3 ? 100 : 20_000, rlim_max: rlim_t.max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let file = try HDF5File.create(folder + "/full.h5")
        var seen: [HDF5Error] = []
        func attempt(_ body: () throws -> Void) {
          do { try body() } catch let error as HDF5Error { seen.append(error) } catch {}
        }
        attempt {
          let root = try file.root
          switch kind {
          case 0:  // contiguous
            for index in 0..<40 {
              try root.write("x\(index)", [Double](repeating: 1, count: 900), longName: "x")
            }
          case 1:  // chunked and incompressible
            var word: UInt64 = 1
            let noise = (0..<20_000).map { _ in
              word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
              return word
            }
            try root.write("noise", noise, longName: "x")
          case 2:  // structure and text
            for index in 0..<200 {
              try root.createGroup("group\(index)").write("t", ["text \(index)"], longName: "t")
            }
          default: try root.write("x", [1.0], longName: "x")
          }
        }
        attempt { try file.close() }
        #expect(!seen.isEmpty)
        #expect(seen.contains { $0.isOutOfSpace && $0.isMachineFailure }, "\(seen)")
        #expect(seen.allSatisfy { !"\($0)".contains("\n") }, "\(seen)")
        try file.close()  // a second close does nothing

        // The process goes on: another file is written and read.
        limit.rlim_cur = rlim_t.max
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        try writeSampleFile(folder + "/other.h5")
        let read = try HDF5File.open(folder + "/other.h5").root
        #expect(try read.dataset("summary/n").read() == [6])
      }
    }
  }

  @Test func aDeviceWithoutSpaceIsAMachineFailure() throws {
    var error: HDF5Error?
    do {
      let file = try HDF5File.create("/dev/full")
      try file.root.write("x", [1.0], longName: "x")
      try file.close()
    } catch let caught { error = caught }
    #expect(error?.systemError == ENOSPC)
    #expect(error?.isOutOfSpace == true)
    let line = "\(try #require(error))"
    #expect(line == "/dev/full: cannot be created (No space left on device)")
  }
}

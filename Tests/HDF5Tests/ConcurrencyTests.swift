// Any number of threads may use the module, on one file or on several.
import Dispatch
import Foundation
import HDF5
import Synchronization
import Testing

@Suite struct ConcurrencyTests {
  @Test func manyThreadsWriteReadAndFail() throws {
    try withTemporary { folder in
      let shared = try HDF5File.create(folder + "/shared.h5")
      let failures = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 48) { index in
        do {
          let values = (0..<2_000).map { Double($0 * index) }
          let path = folder + "/\(index % 24).h5"
          if index < 24 {
            let own = try HDF5File.create(path)
            try own.root.write("x", values, longName: "x")
            try own.close()
            let read = try HDF5File.open(path).root.dataset("x").read(Double.self)
            if read != values { failures.withLock { $0.append("\(index): other values") } }
          } else {
            try shared.root.createGroup("g\(index)").write("x", values, longName: "x")
          }
          // Each thread has an error stack of its own.
          do {
            _ = try shared.root.dataset("absent\(index)").shape
            failures.withLock { $0.append("\(index): no error") }
          } catch let error as HDF5Error where error.object == "/absent\(index)" {
          }
        } catch {
          failures.withLock { $0.append("\(index): \(error)") }
        }
      }
      #expect(failures.withLock { $0 } == [])
      #expect(try shared.root.members().count == 24)
      try shared.close()
    }
  }
}

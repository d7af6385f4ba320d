import Foundation
import HDF5
import Testing

/// Damage in the heap of texts, which libhdf5 itself follows without checks.
@Suite struct GlobalHeapTests {
  @Test func aHeapWithZerosOrLongObjectsIsRefused() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/a.h5"
      let file = try HDF5File.create(path)
      for index in 0..<8 {
        try file.root.attributes.set("text\(index)", to: String(repeating: "a", count: 40 + index))
      }
      try file.close()
      #expect(try HDF5File.open(path).root.attributes.names().count == 8)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let heap = try #require(bytes.firstRange(of: Data("GCOL".utf8))).lowerBound
      for (name, place, values) in [
        ("zeros", heap + 16, [UInt8](repeating: 0, count: 512)),
        ("long", heap + 16 + 8, [0xFF, 0xFF, 0xFF]), ("twice", heap + 16 + 16 + 40, [1, 0]),
      ] {
        var damaged = bytes
        damaged.replaceSubrange(place..<place + values.count, with: values)
        let other = folder + "/\(name).h5"
        try damaged.write(to: URL(fileURLWithPath: other))
        let error = #expect(throws: HDF5Error.self, "\(name)") { _ = try HDF5File.open(other) }
        #expect(
          error?.description
            == "\(other): damaged: the heap of texts at byte \(heap) (expected an intact file)")
        #expect(error?.isMachineFailure == false)
      }
    }
  }
}

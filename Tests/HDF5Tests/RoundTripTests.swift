// What is written is read back, for every type, shape and size.
import Foundation
import HDF5
import Testing

@Suite struct RoundTripTests {
  @Test func everyTypeKeepsItsExtremes() throws {
    try withTemporary { folder in
      let path = folder + "/types.h5"
      let doubles = [
        0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .pi,
      ]
      let floats: [Float] = [.leastNonzeroMagnitude, .greatestFiniteMagnitude, -1.5]
      let file = try HDF5File.create(path)
      let root = try file.root
      try root.write("double", doubles, longName: "d")
      try root.write("float", floats, longName: "f")
      try root.write("int64", [Int64.min, 0, .max], longName: "i")
      try root.write("int", [Int.min, 7], longName: "i")
      try root.write("int32", [Int32.min, .max], longName: "i")
      try root.write("uint64", [UInt64.max], longName: "i")
      try root.write("uint8", [UInt8.max], longName: "i")
      try root.write("nan", [Double.nan], longName: "n")
      try file.close()

      let read = try HDF5File.open(path).root
      #expect(
        try read.dataset("double").read(Double.self).map(\.bitPattern) == doubles.map(\.bitPattern))
      #expect(try read.dataset("float").read() == floats)
      #expect(try read.dataset("float").read(Double.self) == floats.map(Double.init))
      #expect(try read.dataset("int64").read() == [Int64.min, 0, .max])
      #expect(try read.dataset("int").read() == [Int.min, 7])
      #expect(try read.dataset("int32").read() == [Int32.min, .max])
      #expect(try read.dataset("int32").read() == [Int(Int32.min), Int(Int32.max)])
      #expect(try read.dataset("int32").read() == [Double(Int32.min), Double(Int32.max)])
      #expect(try read.dataset("uint64").read() == [UInt64.max])
      #expect(try read.dataset("uint8").read() == [255])
      #expect(try read.dataset("nan").read(Double.self)[0].isNaN)
      let types = try read.members().map { try read.dataset($0.name).elementType }
      #expect(
        types == [.float64, .float32, .int64, .int64, .int32, .uint64, .uint8, .float64])
    }
  }

  @Test func textsOfAnyLengthSurvive() throws {
    try withTemporary { folder in
      let path = folder + "/texts.h5"
      // Canonically equivalent texts must stay apart, so bytes are compared.
      let texts = [
        "", "é", "e\u{301}", "日本語 🙂", "a\nb\t\\", String(repeating: "x", count: 200_000), "",
      ]
      let file = try HDF5File.create(path)
      try file.root.write("texts", texts, longName: "t")
      try file.root.write("grid", ["a", "b", "", "d"], shape: [2, 2], longName: "t")
      try file.root.scalar("one", texts[5], longName: "t")
      try file.close()
      let read = try HDF5File.open(path).root
      #expect(
        try read.dataset("texts").read(String.self).map { Array($0.utf8) }
          == texts.map { Array($0.utf8) })
      #expect(try read.dataset("texts").elementType == .string)
      #expect(try read.dataset("grid").read(rows: 1..<2) == ["", "d"])
      #expect(try read.dataset("one").read() == [texts[5]])
      #expect(try read.dataset("one").shape == [])
    }
  }

  @Test func emptyArraysAndScalarsKeepTheirShapes() throws {
    try withTemporary { folder in
      let path = folder + "/empty.h5"
      let file = try HDF5File.create(path)
      try file.root.write("none", [Double](), longName: "n")
      try file.root.write("texts", [String](), longName: "n")
      try file.root.write("wide", [Float](), shape: [0, 5], longName: "n")
      try file.root.scalar("scalar", 2.5, longName: "n")
      try file.close()
      let read = try HDF5File.open(path).root
      #expect(try read.dataset("none").read() == [Double]())
      #expect(try read.dataset("texts").read() == [String]())
      #expect(try read.dataset("wide").shape == [0, 5])
      #expect(try read.dataset("wide").read() == [Float]())
      #expect(try read.dataset("scalar").read() == [2.5])
      #expect(try read.dataset("scalar").attributes.value("units") == .string("1"))
      #expect(try read.dataset("scalar").attributes.value("long_name") == .string("n"))
    }
  }

  @Test func largeArraysAreCompressedAndReadByRows() throws {
    try withTemporary { folder in
      let path = folder + "/large.h5"
      let values = (0..<300_000).map { Double($0 / 100) }
      let file = try HDF5File.create(path)
      try file.root.write("large", values, shape: [3_000, 100], longName: "n")
      try file.root.write("wide", values, shape: [2, 150_000], longName: "n")
      try file.close()
      let size = try #require(
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
      #expect(size < 8 * values.count / 10)
      let large = try HDF5File.open(path).root.dataset("large")
      #expect(try large.read() == values)
      #expect(try large.read(rows: 1_234..<1_240) == Array(values[123_400..<124_000]))
      #expect(try large.read(rows: 3_000..<3_000) == [Double]())
      #expect(
        try HDF5File.open(path).root.dataset("wide").read(rows: 1..<2) == Array(values[150_000...]))
    }
  }

  @Test func rowBlocksAddUpToTheWhole() throws {
    try withTemporary { folder in
      let path = folder + "/stream.h5"
      let file = try HDF5File.create(path)
      let root = try file.root
      let fixed = try root.createDataset("fixed", .float32, shape: [10_000, 3], longName: "f")
      let growing = try root.createDataset(
        "growing", .int32, shape: [0, 2], isExtendible: true, longName: "g")
      let words = try root.createDataset(
        "words", .string, shape: [0], isExtendible: true, longName: "w")
      for start in stride(from: 0, to: 10_000, by: 77) {
        let end = min(10_000, start + 77)
        try fixed.write((start * 3..<end * 3).map(Float.init), at: start)
        try growing.append((start * 2..<end * 2).map(Int32.init))
        try words.append((start..<end).map { "w\($0)" })
      }
      #expect(try fixed.read(rows: 76..<78) == (228..<234).map(Float.init))
      try file.close()
      let read = try HDF5File.open(path).root
      #expect(try read.dataset("fixed").read() == (0..<30_000).map(Float.init))
      #expect(try read.dataset("growing").shape == [10_000, 2])
      #expect(try read.dataset("growing").read() == (0..<20_000).map(Int32.init))
      #expect(try read.dataset("words").read(rows: 9_998..<10_000) == ["w9998", "w9999"])
    }
  }

  @Test func attributesOfEveryKindSurvive() throws {
    try withTemporary { folder in
      let path = folder + "/attributes.h5"
      let long = String(repeating: "ü", count: 100_000)
      let values: [(String, HDF5AttributeValue)] = [
        ("double", .double(-0.5)), ("doubles", .doubles([1, .infinity])), ("empty", .string("")),
        ("integer", .integer(.min)), ("integers", .integers([1, -2])), ("long", .string(long)),
        ("nothing", .strings([])), ("texts", .strings(["a", "", "é"])),
      ]
      let file = try HDF5File.create(path)
      let group = try file.root.createGroup("g")
      for (name, _) in values { try group.attributes.set(name, to: "replaced below") }
      for (name, value) in values { try group.attributes.set(name, to: value) }
      try file.close()
      let attributes = try HDF5File.open(path).root.group("g").attributes
      #expect(try attributes.names() == values.map(\.0))
      for (name, value) in values { #expect(try attributes.value(name) == value) }
      #expect(try attributes.contains("long"))
      #expect(try !attributes.contains("absent"))
    }
  }

  @Test func synchronizedDataIsThereBeforeTheFileIsClosed() throws {
    try withTemporary { folder in
      let file = try HDF5File.create(folder + "/a.h5")
      try file.root.write("x", [1.0, 2], longName: "x")
      try file.synchronize()
      try FileManager.default.copyItem(atPath: folder + "/a.h5", toPath: folder + "/b.h5")
      #expect(try HDF5File.open(folder + "/b.h5").root.dataset("x").read() == [1.0, 2])
      try file.close()
      try file.close()
    }
  }

  @Test func theLastReferenceClosesTheFile() throws {
    try withTemporary { folder in
      let path = folder + "/a.h5"
      var dataset: HDF5Dataset? = try {
        let file = try HDF5File.create(path)
        return try file.root.write("x", [1.0], longName: "x")
      }()
      #expect(try dataset?.read() == [1.0])
      #expect(throws: HDF5Error.self) { try HDF5File.create(path) }  // still open
      dataset = nil
      #expect(try HDF5File.open(path).root.dataset("x").read() == [1.0])
      #expect(throws: Never.self) { try HDF5File.create(path).close() }
    }
  }
}

// Every refusal is one line that names the file, the object and the reason.
import Foundation
import HDF5
import Testing

@Suite struct ErrorTests {
  @Test func filesThatCannotBeOpenedSayWhy() throws {
    try withTemporary { folder in
      let absent = expectError("/absent.h5: cannot be opened (No such file or directory)") {
        _ = try HDF5File.open(folder + "/absent.h5")
      }
      #expect(absent?.isMachineFailure == false)
      expectError("regular file") { _ = try HDF5File.open(folder) }
      expectError("regular file") { _ = try HDF5File.open("/dev/zero") }
      expectError("is not a path") { _ = try HDF5File.open("a\0b") }
      expectError("is not a path") { _ = try HDF5File.create("") }
      for (name, text) in [("empty", ""), ("text", "name,value\n"), ("short", "\u{89}HDF")] {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let error = expectError(path, "it is not an HDF5 file") { _ = try HDF5File.open(path) }
        #expect(error?.isMachineFailure == false)
      }
      try writeSampleFile(folder + "/whole.h5")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.h5"))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: folder + "/half.h5"))
      expectError("half.h5: cannot be opened", "truncated file") {
        _ = try HDF5File.open(folder + "/half.h5")
      }
      let error = expectError("No such file or directory") {
        _ = try HDF5File.create(folder + "/absent/a.h5")
      }
      #expect(error?.isMachineFailure == false)
    }
  }

  @Test func aFileNamedLikeAnErrorDoesNotPretendOne() throws {
    try withTemporary { folder in
      let path = folder + "/errno = 28, error message"
      try Data("text".utf8).write(to: URL(fileURLWithPath: path))
      let text = expectError("not an HDF5 file") { _ = try HDF5File.open(path) }
      #expect(text?.systemError == nil)
      let absent = expectError("/a.h5/b c: cannot be created (Not a directory)") {
        _ = try HDF5File.create(path + "/a.h5/b\nc")
      }
      #expect(absent?.isOutOfSpace == false)
    }
  }

  @Test func absentMembersAndWrongTypesAreNamed() throws {
    try withTemporary { folder in
      let path = folder + "/a.h5"
      try writeSampleFile(path)
      let root = try HDF5File.open(path).root
      expectError(path, "/samples/absent: there is no such dataset") {
        _ = try root.dataset("samples/absent")
      }
      expectError("/a/b/c: there is no such group") { _ = try root.group("a/b/c") }
      expectError("/samples: is not a dataset") { _ = try root.dataset("samples") }
      expectError("/samples/cosine: is not a group") { _ = try root.group("samples/cosine") }
      expectError("not allowed") { _ = try root.group("samples/../samples") }
      expectError("names no member") { _ = try root.dataset("/") }
      let cosine = try root.dataset("samples/cosine")
      expectError("/samples/cosine: holds float64, not int64") { _ = try cosine.read(Int.self) }
      expectError("holds float64, not float32") { _ = try cosine.read(Float.self) }
      expectError("holds float64, not string") { _ = try cosine.read(String.self) }
      expectError("/samples/id: holds string, not float64") {
        _ = try root.dataset("samples/id").read(Double.self)
      }
      expectError("has no rows 3..<7 in shape [6]") {
        _ = try cosine.read(Double.self, rows: 3..<7)
      }
      expectError("has no rows") { _ = try cosine.read(Double.self, rows: -1..<2) }
      expectError("has no rows 0..<1 in shape []") {
        _ = try root.dataset("summary/n").read(Int.self, rows: 0..<1)
      }
      expectError("/samples@absent: there is no such attribute") {
        _ = try root.group("samples").attributes.value("absent")
      }
      expectError("the file is read-only") { try root.createGroup("new") }
      expectError("the file is read-only") { try cosine.write([1.0]) }
    }
  }

  @Test func wrongWritesAreRefused() throws {
    try withTemporary { folder in
      let file = try HDF5File.create(folder + "/a.h5")
      let root = try file.root
      expectError("/x: shape [2, 2] does not hold 3 values") {
        try root.write("x", [1.0, 2, 3], shape: [2, 2], longName: "x")
      }
      expectError("negative") { _ = try root.createDataset("x", .int8, shape: [-1], longName: "x") }
      expectError("Int64 counts") {
        _ = try root.createDataset("x", .int8, shape: [.max, 4], longName: "x")
      }
      expectError("cannot be written") {
        _ = try root.createDataset("x", .other("compound"), shape: [1], longName: "x")
      }
      let matrix = try root.createDataset("matrix", .float64, shape: [4, 2], longName: "m")
      expectError("whole rows of 2 values, not 3 values") { try matrix.write([1.0, 2, 3]) }
      expectError("has no rows 3..<5") { try matrix.write([1.0, 2, 3, 4], at: 3) }
      expectError("has no row") { try matrix.write([1.0, 2], at: -1) }
      expectError("has no row") { try matrix.write([1.0, 2], at: .max) }
      expectError("holds float64, not float32") { try matrix.write([Float(1), 2]) }
      expectError("/matrix: cannot be lengthened") { try matrix.append([1.0, 2]) }
      expectError("/matrix: cannot be created", "name already exists") {
        try root.write("matrix", [1.0], longName: "m")
      }
      expectError("/texts: text 1 holds NUL") {
        try root.write("texts", ["a", "b\0c"], longName: "t")
      }
      expectError("/@title: text 0 holds NUL") { try root.attributes.set("title", to: "\0") }
      for name in ["", ".", "..", "a/b", "a\0b"] {
        expectError("not allowed") { try root.write(name, [1.0], longName: "n") }
        expectError("not allowed") { try root.attributes.set(name, to: 1) }
      }
      try root.createGroup("g/h")
      expectError("/g: cannot be created") { try root.createGroup("g") }
      try file.close()
      expectError("/matrix: the file has been closed") { _ = try matrix.shape }
      expectError("the file has been closed") { _ = try file.root }
      expectError("the file has been closed") { try file.synchronize() }
    }
  }

  @Test func brokenConventionsAreRefused() throws {
    try withTemporary { folder in
      let file = try HDF5File.create(folder + "/a.h5")
      let group = try file.root.createGroup("g")
      let elsewhere = try file.root.createGroup("h")
      try group.scale("sample", count: 3, longName: "s")
      let plain = try group.write("plain", [1.0, 2], longName: "p")
      try group.write("names", ["a", "b", "c"], longName: "n")
      try group.variable("x", [1.0, 2, 3], over: ["sample"], longName: "x")
      expectError("/g/y: the scales", "do not hold 2 values") {
        try group.variable("y", [1.0, 2], over: ["sample"], longName: "y")
      }
      #expect(try !group.contains("y"))
      expectError("/g/plain: is not a scale") {
        try group.variable("y", [1.0, 2], over: ["plain"], longName: "y")
      }
      expectError("/h/sample: there is no such dataset") {
        try elsewhere.variable("y", [1.0, 2, 3], over: ["sample"], longName: "y")
      }
      expectError("axis 0 of shape [2]") {
        try plain.attach(try group.dataset("sample"), toAxis: 0)
      }
      expectError("axis 1") { try plain.attach(try group.dataset("sample"), toAxis: 1) }
      expectError("a scale has one axis") {
        try group.scalar("one", 1.0, longName: "o").makeScale()
      }
      expectError("cannot be an axis") {
        try group.markAsData(signal: "x", axes: ["names"], title: "t")
      }
      expectError("cannot be an axis") {
        try group.markAsData(signal: "x", axes: ["plain"], title: "t")
      }
      expectError("cannot be plotted") {
        try group.markAsData(signal: "names", axes: ["sample"], title: "t")
      }
      expectError("cannot be plotted") { try group.markAsData(signal: "x", axes: [], title: "t") }
      expectError("no such dataset") {
        try group.markAsData(signal: "absent", axes: [], title: "t")
      }
      #expect(try group.attributes.names().isEmpty)
      let other = try HDF5File.create(folder + "/b.h5")
      expectError("another file") { try other.root.link(plain) }
      try other.close()
      try file.close()
    }
  }
}

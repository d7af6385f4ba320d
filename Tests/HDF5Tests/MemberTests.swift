// Members that are not there, or damaged: each is told from the others, none is passed over.
import Foundation
import HDF5
import Testing

@Suite struct MemberTests {
  @Test func linksThatLeadNowhereAreNamed() throws {
    try withTemporary { folder in
      try writeSampleFile(folder + "/other.h5")
      let file = try HDF5File.create(folder + "/a.h5")
      let root = try file.root
      try root.write("x", [1.0, 2], longName: "x")
      try root.link(path: "/x", as: "y")
      try root.link(path: "/absent", as: "soft")
      try root.link(path: "/x", inFile: "absent.h5", as: "external")
      try root.link(path: "/nothing", inFile: "other.h5", as: "inner")
      try root.link(path: "/samples", inFile: "other.h5", as: "samples")
      try file.close()
      let members = try HDF5File.open(folder + "/a.h5").root.members()
      let kinds = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.kind) })
      #expect(
        kinds == [
          "x": .dataset, "y": .dataset, "soft": .brokenLink, "external": .brokenLink,
          "inner": .brokenLink, "samples": .group,
        ])
    }
  }

  /// Two datasets of different files may lie at the same address.
  @Test func identitiesTellFilesApart() throws {
    try withTemporary { folder in
      for name in ["a", "b"] {
        let file = try HDF5File.create(folder + "/\(name).h5")
        try file.root.write("x", [1.0, 2], longName: "x")
        if name == "b" {
          try file.root.link(path: "/x", as: "again")
          try file.root.link(path: "/x", inFile: "a.h5", as: "foreign")
        }
        try file.close()
      }
      let root = try HDF5File.open(folder + "/b.h5").root
      let own = try root.dataset("x").identity
      #expect(try root.dataset("again").identity == own)
      #expect(try root.dataset("foreign").identity != own)
    }
  }

  /// Every dataset's own header is damaged in turn: its name is in the error, and it is not left out of
  /// the list.
  @Test func damagedMembersAreErrors() throws {
    try withTemporary { folder in
      let path = folder + "/a.h5"
      let names = ["first", "second", "third"]
      let file = try HDF5File.create(path)
      for name in names { try file.root.write(name, [1.0, 2], longName: name) }
      let places = try names.map { Int(try file.root.dataset($0).identity.address) }
      try file.close()
      let original = try Data(contentsOf: URL(fileURLWithPath: path))
      for (name, place) in zip(names, places) {
        var bytes = original
        bytes[place] = 0xff  // the version of the object's header
        try bytes.write(to: URL(fileURLWithPath: path))
        let root = try HDF5File.open(path).root
        expectError("/\(name): cannot be opened") { _ = try root.members() }
        expectError("/\(name): cannot be opened") { _ = try root.descendants() }
      }
    }
  }

  @Test func moreValuesThanBytesAreRefused() throws {
    try withTemporary { folder in
      let path = folder + "/a.h5"
      let file = try HDF5File.create(path)
      _ = try file.root.createDataset(
        "x", .float64, shape: [1 << 40], isExtendible: true, longName: "x")
      try file.close()
      let dataset = try HDF5File.open(path).root.dataset("x")
      expectError("/x: declares \(1 << 40) elements") { try dataset.requireStored() }
    }
  }
}

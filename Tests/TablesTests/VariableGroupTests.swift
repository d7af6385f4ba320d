import HDF5
import Tables
import TestSupport
import Testing

@Suite struct VariableGroupTests {
  @Test func aGroupIsWrittenInTheOrderOfItsDescription() throws {
    try withTemporaryDirectory { folder in
      let group = VariableGroup(
        axes: [
          Axis("kind", "kind of thing", names: ["a", "b\0"], "name of the kind"),
          Axis("step", units: "s", "time", .integers([2, 4, 8])),
        ],
        variables: [
          Variable("count", "things", over: ["step", "kind"]) {
            .smallIntegers([1, 2, 3, 4, 5, 6])
          }
        ],
        plot: VariableGroup.Plot(signal: "count", over: ["step", "kind"], title: "Things"),
        groups: [("inner", { VariableGroup(attributes: [("file", "x\0y")]) })],
        attributes: [("default", "inner")])
      let file = try HDF5File.create(folder + "/g.h5")
      try file.root.createGroup("outer").write(group)
      try file.close()
      let outer = try HDF5File.open(folder + "/g.h5").root.group("outer")
      #expect(try outer.members().map(\.name) == ["kind", "kind_name", "step", "count", "inner"])
      #expect(try outer.attributes.names() == ["NX_class", "axes", "default", "signal", "title"])
      #expect(try outer.attributes.value("default") == .string("inner"))
      #expect(try outer.group("inner").attributes.value("file") == .string("x\u{FFFD}y"))
      #expect(try outer.dataset("kind").read(Int.self) == [0, 1])
      #expect(try outer.dataset("kind_name").read(String.self) == ["a", "b\u{FFFD}"])
      #expect(try outer.dataset("kind_name").scaleNames == ["kind"])
      #expect(
        try outer.dataset("kind_name").attributes.value("long_name") == .string("name of the kind"))
      #expect(try outer.dataset("count").elementType == .int32)
      #expect(try outer.dataset("count").scaleNames == ["step", "kind"])
    }
  }
}

// Groups over the steps of a run, made of the lines of its JSONL files.
import StrictJSON
import Tables

extension Axis {
  /// The axis `step` of some lines, each with an integer `step`.
  public static func steps(_ lines: [JSONObject]) -> Axis {
    Axis(
      "step", "updates made, in batches of rollouts",
      .integers(lines.map { $0["step"]?.intValue ?? 0 }))
  }
}

extension VariableGroup {
  /// One number per step of each quantity, NaN where a line has none.
  ///
  /// - Parameter quantities: the members of the lines; `/` in a name becomes `_`, since HDF5 reads it as a
  ///   path. What is plotted is `accuracy`, or the first where nothing verifies responses.
  public init(
    steps lines: [JSONObject], _ quantities: [(name: String, units: String, longName: String)],
    title: String
  ) {
    self.init(
      axes: [.steps(lines)],
      variables: quantities.map { name, units, longName in
        Variable(
          String(name.map { $0 == "/" ? "_" : $0 }), units: units, longName, over: ["step"]
        ) { .reals(lines.map { $0[name]?.doubleValue ?? .nan }) }
      },
      plot: Plot(
        signal: quantities.contains { $0.name == "accuracy" } ? "accuracy" : quantities[0].name,
        over: ["step"], title: title))
  }
}

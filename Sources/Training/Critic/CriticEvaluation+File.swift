// A critic's values as an HDF5 file, and as a table.
import HDF5
import Statistics
import StrictJSON
import Tables
import Tasks

extension CriticEvaluation {
  public static let schema = "prerl.values"
  public static let schemaVersion = 1

  private typealias TokenColumn = (
    name: String, units: String, longName: String,
    value: @Sendable (_ values: [Double], _ place: Int, _ reward: Double) -> Double
  )

  private static let tokenColumns: [TokenColumn] = [
    (
      "value", "1", "V, the expected return before the token", { values, place, _ in values[place] }
    ),
    (
      "action_value", "1", "Q, the reward of the token and the value behind it",
      { values, place, reward in place + 1 < values.count ? values[place + 1] : reward }
    ),
    ("return", "1", "return of the response", { _, _, reward in reward }),
    (
      "advantage", "1", "Q - V",
      { values, place, reward in
        (place + 1 < values.count ? values[place + 1] : reward) - values[place]
      }
    ),
  ]

  /// `/samples`, `/tokens` and `/calibration`, and `/states` where there are continuations.
  private var groups: [(name: String, group: VariableGroup)] {
    let (rollouts, values) = (rollouts, values)
    let counts = values.map(\.count)
    let offsets = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let tokens = Self.tokenColumns.map { column in
      Variable(column.name, units: column.units, column.longName, over: ["token"]) {
        .reals(
          zip(rollouts, values).flatMap { rollout, values in
            values.indices.map { column.value(values, $0, rollout.reward ?? .nan) }
          })
      }
    }
    let bins = calibration
    return [
      (
        "samples",
        VariableGroup(
          axes: [Axis("sample", "rollout", .count(rollouts.count))],
          variables: [
            Variable("id", "name of the rollout", over: ["sample"]) { .texts(rollouts.map(\.id)) },
            Variable("cluster", "independent unit", over: ["sample"]) {
              .texts(rollouts.map(\.cluster))
            },
            Variable("reward", "reward of the response", over: ["sample"]) {
              .reals(rollouts.map { $0.reward ?? .nan })
            },
          ])
      ),
      (
        "tokens",
        VariableGroup(
          axes: [
            Axis(
              "sample_offset", units: "token", "first token of each response, and the end",
              .integers(offsets)),
            Axis("token", units: "token", "token of a response", .count(offsets[counts.count])),
          ],
          variables: [
            Variable("token_id", "token id", over: ["token"]) {
              .integers(rollouts.flatMap { $0.responseTokens.map { Int($0) } })
            },
            Variable(
              "position", units: "token", "place of the token in its response, from 0",
              over: ["token"]
            ) { .integers(counts.flatMap { Array(0..<$0) }) },
          ] + tokens,
          plot: .init(signal: "value", over: ["token"], title: "Values of the states before tokens")
        )
      ),
      (
        "calibration",
        VariableGroup(
          axes: [
            Axis(
              "position", units: "token", "first place of the bin, from 0",
              .integers(bins.map(\.positions.lowerBound)))
          ],
          variables: [
            Variable("token_count", units: "token", "tokens", over: ["position"]) {
              .integers(bins.map(\.tokenCount))
            },
            Variable("value", "mean value", over: ["position"]) { .intervals(bins.map(\.value)) },
            Variable("return", "mean return", over: ["position"]) {
              .intervals(bins.map(\.meanReturn))
            },
            Variable("bias", "mean of value minus return", over: ["position"]) {
              .intervals(bins.map(\.bias))
            },
            Variable(
              "error", "root of the mean squared difference of value and return",
              over: ["position"]
            ) { .reals(bins.map(\.error)) },
          ], plot: .init(signal: "value", over: ["position"], title: "Calibration by position"))
      ),
    ] + (states.map { [("states", $0.group)] } ?? [])
  }

  /// Writes the file (schema `prerl.values`), durable when the call returns.
  public func write(to path: String, attributes: [(name: String, text: String)]) throws {
    let file = try HDF5File.create(path)
    let root = try file.root
    try root.writeHeader(
      schema: Self.schema, version: Self.schemaVersion, title: "Values of a critic",
      mainGroup: "tokens",
      provenance: attributes)
    for (name, group) in groups { try root.createGroup(name).write(group) }
    try root.attributes.set("explained_variance", to: explainedVariance.estimate)
    try file.close()
  }

  /// `explained_variance`, `calibration` with an object for each bin, and `states` where there are continuations.
  public var json: JSON {
    let bins = calibration.map { bin -> JSON in
      var object: JSONObject = [
        "first_position": .integer(bin.positions.lowerBound), "tokens": .integer(bin.tokenCount),
      ]
      for (name, interval) in [
        ("value", bin.value), ("return", bin.meanReturn), ("bias", bin.bias),
      ] {
        for (key, value) in interval.members(name, ends: true) { object[key] = value }
      }
      object["error"] = .real(bin.error)
      return .object(object)
    }
    var object: JSONObject = [
      "explained_variance": explainedVariance.json(), "calibration": .array(bins),
    ]
    object["states"] = states?.json
    return .object(object)
  }

  /// The calibration by position, for people.
  public var text: String {
    var table = TextTable([
      "critic at tokens", "count", "value", "return", "value - return", "95% interval", "error",
    ])
    for bin in calibration {
      table.add([
        "\(bin.positions.lowerBound)-\(bin.positions.upperBound - 1)", String(bin.tokenCount),
        fixed(bin.value.estimate, 3), fixed(bin.meanReturn.estimate, 3),
        fixed(bin.bias.estimate, 3),
        bin.bias.ends(3), fixed(bin.error, 3),
      ])
    }
    return table.text + "\nexplained variance \(fixed(explainedVariance.estimate, 3)) "
      + "(\(explainedVariance.ends(3)))" + (states.map { "\n\($0.text)" } ?? "")
  }
}

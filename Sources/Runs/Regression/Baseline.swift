// Baselines: committed numbers with tolerances, each with the reason for its size.
//
//   {
//     "title": "Gradient alignment of the embedded checkpoint, all controls",
//     "measurement": {"kind": "alignment", "rollouts": "rollouts.jsonl", "null_context": "bos"},
//     "quantities": {
//       "cosine_mean": {"value": 0.35, "tolerance": 1e-4, "reason": "BLAS kernel", "history": []}
//     }
//   }
import StrictJSON

/// The contents of one baseline file.
public struct Baseline: Sendable, Equatable {
  /// What is measured and compared.
  public struct Measurement: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
      /// Gradient alignment of given rollouts, with every control.
      case alignment
      /// Sampling with the rollouts' own keys, compared with them.
      case generation
      /// One update of the checkpoint on the first batch of its corpus.
      case pretraining
    }
    public var kind: Kind
    /// The input, relative to the baseline's folder: rollouts, or the configuration of
    /// `pretraining`.
    public var input: String
    /// As in `--null-context`; for `alignment` only.
    public var nullContext: String?
    /// Rollouts per problem; for `generation` only.
    public var perProblem: Int?

    /// The key that names the input.
    var inputKey: String { kind == .pretraining ? "config" : "rollouts" }
  }

  /// A number that must not change beyond its tolerance.
  public struct Quantity: Sendable, Equatable {
    public var name: String
    public var value: Double
    /// Largest absolute deviation that passes.
    public var tolerance: Double
    /// Why the tolerance has its size: sampling error, BLAS kernel, libm, exact.
    public var reason: String
    /// Values that `--update` replaced, the newest first.
    public var history: [JSON]

    public init(
      name: String, value: Double, tolerance: Double, reason: String, history: [JSON] = []
    ) {
      self.name = name
      self.value = value
      self.tolerance = tolerance
      self.reason = reason
      self.history = history
    }
  }

  public var title: String
  public var measurement: Measurement
  public var quantities: [Quantity]

  /// Reads a baseline's keys.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    title = try reader.string("title")
    var measured = try reader.object("measurement")
    measurement = Measurement(kind: try measured.choice("kind"), input: "")
    measurement.input = try measured.string(measurement.inputKey)
    switch measurement.kind {
    case .alignment: measurement.nullContext = try measured.string("null_context")
    case .generation: measurement.perProblem = try measured.int("per_problem", in: 1...1 << 20)
    case .pretraining: break
    }
    try measured.finish()
    var numbers = try reader.object("quantities")
    quantities = []
    for name in numbers.object.keys {
      var fields = try numbers.object(name)
      quantities.append(
        Quantity(
          name: name, value: try fields.double("value", in: -1e300...1e300),
          tolerance: try fields.double("tolerance", in: 0...1e300),
          reason: try fields.string("reason"),
          history: fields.value("history")?.arrayValue ?? []))
      try fields.finish()
    }
    try numbers.finish()
  }

  /// The file's contents.
  public var json: JSON {
    var measured: JSONObject = ["kind": .string(measurement.kind.rawValue)]
    measured[measurement.inputKey] = .string(measurement.input)
    if let context = measurement.nullContext { measured["null_context"] = .string(context) }
    if let count = measurement.perProblem { measured["per_problem"] = .integer(count) }
    var numbers = JSONObject()
    for quantity in quantities {
      numbers[quantity.name] = [
        "value": .real(quantity.value), "tolerance": .real(quantity.tolerance),
        "reason": .string(quantity.reason), "history": .array(quantity.history),
      ]
    }
    return [
      "title": .string(title), "measurement": .object(measured), "quantities": .object(numbers),
    ]
  }

  /// Stores new numbers. A replaced value goes into the history, a new quantity gets its suggested
  /// tolerance, and a quantity that is no longer measured is removed.
  ///
  /// - Parameter source: Where the replaced values came from, for the history.
  public mutating func update(to fresh: [Quantity], source: JSONObject) {
    quantities = fresh.map { new in
      guard var old = quantities.first(where: { $0.name == new.name }) else { return new }
      guard old.value != new.value else { return old }
      var entry: JSONObject = ["value": .real(old.value)]
      for (key, value) in source.members { entry[key] = value }
      old.history.insert(.object(entry), at: 0)
      old.value = new.value
      return old
    }
  }
}

// The options of a run as JSON: kept in its result file, so that shards can be joined without
// anything else.
import ModelCore
import StrictJSON

extension AlignmentOptions {
  /// All options, defaults included.
  public var json: JSON {
    [
      "null_context": nullContext.json,
      "reduction": .string(reduction.rawValue),
      "method": .string(method.rawValue),
      "controls": .array(controls.map { .string($0.rawValue) }),
      "seed": .string(String(seed)),  // beyond what JSON's readers hold exactly
      "token_products": .bool(tokenProducts),
      "cross_limit": .integer(crossLimit),
      "null_context_sweep": .array(nullContextSweep.map(\.json)),
      "special_tokens": .array(specialTokens.sorted().map { .integer(Int($0)) }),
      "bootstrap": .integer(bootstrapReplicates),
    ]
  }

  /// Reads what `json` wrote.
  public init(json: JSON) throws(JSONValueError) {
    var reader = try JSONReader(json)
    func choice<Choice: RawRepresentable & CaseIterable>(
      _ key: String, _ text: String
    ) throws(JSONValueError) -> Choice where Choice.RawValue == String {
      guard let choice = Choice(rawValue: text) else {
        throw JSONValueError(path: key, message: "\(JSON.string(text).summary) is not known")
      }
      return choice
    }
    var nullContext = try reader.object("null_context")
    let seedText = try reader.string("seed")
    guard let seed = UInt64(seedText) else {
      throw JSONValueError(path: "seed", message: "\(JSON.string(seedText).summary) is no seed")
    }
    var controls: [AlignmentControl] = []
    for name in try reader.strings("controls") { controls.append(try choice("controls", name)) }
    var sweep: [NullContext] = []
    for var context in try reader.objects("null_context_sweep") {
      sweep.append(try NullContext(&context))
    }
    let range = Int(Int32.min)...Int(Int32.max)
    self.init(
      nullContext: try NullContext(&nullContext),
      reduction: try choice("reduction", reader.string("reduction")),
      method: try choice("method", reader.string("method")), controls: controls, seed: seed,
      tokenProducts: try reader.bool("token_products"),
      crossLimit: try reader.int("cross_limit", in: 0...Int.max), nullContextSweep: sweep,
      specialTokens: Set(
        try reader.ints("special_tokens", in: range).map { Int32(truncatingIfNeeded: $0) }),
      bootstrapReplicates: try reader.int("bootstrap", in: 1...(1 << 24)))
    try reader.finish()
  }
}

extension NullContext {
  fileprivate var json: JSON {
    ["name": .string(name), "tokens": .array(tokens.map { .integer(Int($0)) })]
  }

  fileprivate init(_ reader: inout JSONReader) throws(JSONValueError) {
    let range = Int(Int32.min)...Int(Int32.max)
    self.init(
      name: try reader.string("name"),
      tokens: try reader.ints("tokens", in: range).map { Int32(truncatingIfNeeded: $0) })
    try reader.finish()
  }
}

// The options of an alignment run, and how a result file stores them.
import ModelCore
import StrictJSON

/// How the token log-probabilities of a response are combined to one objective.
public enum Reduction: String, Sendable, CaseIterable {
  /// The sum divided by the number of scored tokens.
  case mean
  case sum
}

/// A context that takes the place of the prompt.
public struct NullContext: Sendable, Hashable {
  /// As the user named it: `bos`, `none`, `ids:1,2`, …
  public let name: String
  /// Its tokens; empty for no context, whose first response token is not scored.
  public let tokens: [Int32]

  public init(name: String, tokens: [Int32]) {
    self.name = name
    self.tokens = tokens
  }
}

/// Everything that a run's numbers depend on, besides model, precision and rollouts.
public struct AlignmentOptions: Sendable {
  public var nullContext: NullContext
  public var reduction: Reduction
  public var method: ProductMethod
  /// Names of controls. Unknown ones, and those that the rollouts do not allow, are left out.
  public var controls: [String]
  /// The random seed of partner prompts, random prompts, shuffles, batches and bootstraps.
  public var seed: UInt64
  /// Whether to record the per-token products <∇ log π(y_t | n, ·), g_c>.
  public var tokenProducts: Bool
  /// The most rollouts in each direction of the cross matrix.
  public var crossLimit: Int
  /// Contexts of the null-context sweep.
  public var nullContextSweep: [NullContext]
  /// Token ids that never occur in a random prompt.
  public var specialTokens: Set<Int32>
  /// Bootstrap replicates.
  public var bootstrapReplicates: Int
  /// The number of rollouts whose own gradient is a direction of `first-order`, in addition to the
  /// update rules.
  public var firstOrderSamples: Int

  public init(
    nullContext: NullContext, reduction: Reduction = .mean, method: ProductMethod = .auto,
    controls: [String] = [], seed: UInt64 = 0, tokenProducts: Bool = false,
    crossLimit: Int = 128, nullContextSweep: [NullContext] = [], specialTokens: Set<Int32> = [],
    bootstrapReplicates: Int = 2000, firstOrderSamples: Int = Self.defaultFirstOrderSamples
  ) {
    self.nullContext = nullContext
    self.reduction = reduction
    self.method = method
    self.controls = controls
    self.seed = seed
    self.tokenProducts = tokenProducts
    self.crossLimit = crossLimit
    self.nullContextSweep = nullContextSweep
    self.specialTokens = specialTokens
    self.bootstrapReplicates = bootstrapReplicates
    self.firstOrderSamples = firstOrderSamples
  }

  /// Versions that did not store the number used this one.
  public static var defaultFirstOrderSamples: Int { 16 }
}

// MARK: - JSON

extension AlignmentOptions {
  /// All options, defaults included.
  public var json: JSON {
    [
      "null_context": nullContext.json,
      "reduction": .string(reduction.rawValue),
      "method": .string(method.rawValue),
      "controls": .array(controls.map(JSON.string)),
      "seed": .string(String(seed)),  // beyond what JSON's readers hold exactly
      "token_products": .bool(tokenProducts),
      "cross_limit": .integer(crossLimit),
      "null_context_sweep": .array(nullContextSweep.map(\.json)),
      "special_tokens": .array(specialTokens.sorted().map { .integer(Int($0)) }),
      "bootstrap": .integer(bootstrapReplicates),
      "first_order_samples": .integer(firstOrderSamples),
    ]
  }

  /// Reads what `json` wrote; the number of first-order samples may be missing.
  public init(json: JSON) throws(JSONValueError) {
    var reader = try JSONReader(json)
    func choice<Choice: RawRepresentable & CaseIterable>(
      _ key: String, _ text: String
    ) throws(JSONValueError) -> Choice where Choice.RawValue == String {
      guard let choice = Choice(rawValue: text) else { throw Self.unknown(key, text) }
      return choice
    }
    var nullContext = try reader.object("null_context")
    let seedText = try reader.string("seed")
    guard let seed = UInt64(seedText) else {
      throw JSONValueError(path: "seed", message: "\(JSON.string(seedText).summary) is no seed")
    }
    let controls = try reader.strings("controls")
    for name in controls where !AlignmentControls.names.contains(name) {
      throw Self.unknown("controls", name)
    }
    var sweep: [NullContext] = []
    for var context in try reader.objects("null_context_sweep") {
      sweep.append(try NullContext(&context))
    }
    self.init(
      nullContext: try NullContext(&nullContext),
      reduction: try choice("reduction", reader.string("reduction")),
      method: try choice("method", reader.string("method")), controls: controls, seed: seed,
      tokenProducts: try reader.bool("token_products"),
      crossLimit: try reader.int("cross_limit", in: 0...Int.max), nullContextSweep: sweep,
      specialTokens: Set(
        try reader.ints("special_tokens", in: NullContext.idRange).map {
          Int32(truncatingIfNeeded: $0)
        }), bootstrapReplicates: try reader.int("bootstrap", in: 1...(1 << 24)),
      firstOrderSamples: try reader.optionalInt("first_order_samples", in: 0...(1 << 24))
        ?? Self.defaultFirstOrderSamples)
    try reader.finish()
  }

  private static func unknown(_ key: String, _ text: String) -> JSONValueError {
    JSONValueError(path: key, message: "\(JSON.string(text).summary) is not known")
  }
}

extension NullContext {
  fileprivate static let idRange = Int(Int32.min)...Int(Int32.max)

  fileprivate var json: JSON {
    ["name": .string(name), "tokens": .array(tokens.map { .integer(Int($0)) })]
  }

  fileprivate init(_ reader: inout JSONReader) throws(JSONValueError) {
    self.init(
      name: try reader.string("name"),
      tokens: try reader.ints("tokens", in: Self.idRange).map { Int32(truncatingIfNeeded: $0) })
    try reader.finish()
  }
}

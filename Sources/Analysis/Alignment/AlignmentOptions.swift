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
  /// The layers with an adapter whose factors have gradients beside those of the base; empty without one.
  public var adapterLayers: [Int] = []
  /// Whether `first-order` ends a rule's steps where its prediction fails, and leaves out those of Adam: enough for
  /// validity radii.
  package var findsRadiiOnly = false

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
  /// How an option is stored: its key, and how it becomes JSON and back.
  private struct Stored: Sendable {
    typealias Read =
      @Sendable (inout JSONReader, inout AlignmentOptions) throws(JSONValueError) -> Void

    let key: String
    let write: @Sendable (AlignmentOptions) -> JSON
    let read: Read
    var isWritten: @Sendable (AlignmentOptions) -> Bool = { _ in true }

    init(_ key: String, write: @escaping @Sendable (AlignmentOptions) -> JSON, read: @escaping Read)
    {
      self.key = key
      self.write = write
      self.read = read
    }

    /// The option as it was by default where a file lacks the key.
    var isOptional: Stored {
      Stored(
        key, write: write,
        read: { (reader, options) throws(JSONValueError) in
          guard reader.object[key] != nil else { return }
          try read(&reader, &options)
        })
    }

    /// The same, and a file gets the key only where this is so.
    func isOptional(_ isWritten: @escaping @Sendable (AlignmentOptions) -> Bool) -> Stored {
      var stored = isOptional
      stored.isWritten = isWritten
      return stored
    }

    /// One of the cases of an enumeration.
    static func choice<Choice: RawRepresentable & CaseIterable & SendableMetatype>(
      _ key: String, _ option: any WritableKeyPath<AlignmentOptions, Choice> & Sendable
    ) -> Stored where Choice.RawValue == String {
      Stored(
        key, write: { .string($0[keyPath: option].rawValue) },
        read: { (reader, options) throws(JSONValueError) in
          let text = try reader.string(key)
          guard let choice = Choice(rawValue: text) else { throw unknown(key, text) }
          options[keyPath: option] = choice
        })
    }

    static func flag(
      _ key: String, _ option: any WritableKeyPath<AlignmentOptions, Bool> & Sendable
    ) -> Stored {
      Stored(
        key, write: { .bool($0[keyPath: option]) },
        read: { (reader, options) throws(JSONValueError) in
          options[keyPath: option] = try reader.bool(key)
        })
    }

    static func count(
      _ key: String, _ option: any WritableKeyPath<AlignmentOptions, Int> & Sendable,
      in range: ClosedRange<Int>
    ) -> Stored {
      Stored(
        key, write: { .integer($0[keyPath: option]) },
        read: { (reader, options) throws(JSONValueError) in
          options[keyPath: option] = try reader.int(key, in: range)
        })
    }
  }

  /// All options, in the order of the files. A new one is a property and a line here. Files of earlier
  /// versions lack it, so it must be optional.
  private static let stored: [Stored] = [
    Stored(
      "null_context", write: { $0.nullContext.json },
      read: { (reader, options) throws(JSONValueError) in
        var context = try reader.object("null_context")
        options.nullContext = try NullContext(&context)
      }),
    .choice("reduction", \.reduction),
    .choice("method", \.method),
    Stored(
      "controls", write: { .array($0.controls.map(JSON.string)) },
      read: { (reader, options) throws(JSONValueError) in
        options.controls = try reader.strings("controls")
        for name in options.controls where !AlignmentControls.names.contains(name) {
          throw unknown("controls", name)
        }
      }),
    // As text: an integer beyond what JSON's readers hold exactly.
    Stored(
      "seed", write: { .string(String($0.seed)) },
      read: { (reader, options) throws(JSONValueError) in
        let text = try reader.string("seed")
        guard let seed = UInt64(text) else {
          throw JSONValueError(path: "seed", message: "\(JSON.string(text).summary) is no seed")
        }
        options.seed = seed
      }),
    .flag("token_products", \.tokenProducts),
    .count("cross_limit", \.crossLimit, in: 0...Int.max),
    Stored(
      "null_context_sweep", write: { .array($0.nullContextSweep.map(\.json)) },
      read: { (reader, options) throws(JSONValueError) in
        options.nullContextSweep = []
        for var context in try reader.objects("null_context_sweep") {
          options.nullContextSweep.append(try NullContext(&context))
        }
      }),
    Stored(
      "special_tokens",
      write: { .array($0.specialTokens.sorted().map { .integer(Int($0)) }) },
      read: { (reader, options) throws(JSONValueError) in
        let tokens = try reader.ints("special_tokens", in: NullContext.idRange)
        options.specialTokens = Set(tokens.map { Int32(truncatingIfNeeded: $0) })
      }),
    .count("bootstrap", \.bootstrapReplicates, in: 1...(1 << 24)),
    .count("first_order_samples", \.firstOrderSamples, in: 0...(1 << 24)).isOptional,
    Stored(
      "adapter_layers", write: { .array($0.adapterLayers.map { .integer($0) }) },
      read: { (reader, options) throws(JSONValueError) in
        options.adapterLayers = try reader.ints("adapter_layers", in: 0...4095)
      }
    ).isOptional { !$0.adapterLayers.isEmpty },
  ]

  /// All options, defaults included.
  public var json: JSON {
    var object = JSONObject()
    for option in Self.stored where option.isWritten(self) {
      object[option.key] = option.write(self)
    }
    return .object(object)
  }

  /// Reads what `json` wrote.
  public init(json: JSON) throws(JSONValueError) {
    var reader = try JSONReader(json)
    self.init(nullContext: NullContext(name: "", tokens: []))
    for option in Self.stored { try option.read(&reader, &self) }
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

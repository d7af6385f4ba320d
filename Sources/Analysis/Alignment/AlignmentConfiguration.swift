// The configuration of an alignment run as its manifest, its journal and its result file store it.
import ModelCore
import Runs
import StrictJSON

/// Everything that a run's numbers depend on, with defaults filled in. `threads` is not part of it.
public struct AlignmentConfiguration: Sendable {
  /// The model's folder, or `embedded`.
  public var model: String
  public var options: AlignmentOptions
  public var precision: Precision
  /// The number of first rollouts whose full gradients are written.
  public var dumpedGradients: Int
  /// Use only this many rollouts from the start of the input; nil for all.
  public var limit: Int?
  public var shard: Shard?
  /// SHA-256 of every input file.
  public var inputHashes: [String]
  /// Further settings, such as those of sampling; those that are absent have their defaults.
  public var more: JSONObject

  public init(
    model: String, options: AlignmentOptions, precision: Precision, dumpedGradients: Int = 0,
    limit: Int? = nil, shard: Shard? = nil, inputHashes: [String] = [],
    more: JSONObject = [:]
  ) {
    self.model = model
    self.options = options
    self.precision = precision
    self.dumpedGradients = dumpedGradients
    self.limit = limit
    self.shard = shard
    self.inputHashes = inputHashes
    self.more = more
  }

  public var json: JSON {
    var object: JSONObject = [
      "command": "align",
      "model": .string(model),
      "seed": .integer(Int(clamping: options.seed)),
      "null_context": .string(options.nullContext.name),
      "null_context_ids": .array(options.nullContext.tokens.map { .integer(Int($0)) }),
      "reduction": .string(options.reduction.rawValue),
      "method": .string(options.method.rawValue),
      "precision": .string(precision.rawValue),
      "controls": .array(options.controls.map(JSON.string)),
      "cross_limit": .integer(options.crossLimit),
      "first_order_samples": .integer(options.firstOrderSamples),
      "dump_gradients": .integer(dumpedGradients),
      "token_products": .bool(options.tokenProducts),
      "bootstrap": .integer(options.bootstrapReplicates),
      "limit": limit.map { .integer($0) } ?? .null,
      "shard": shard.map { .string($0.description) } ?? .null,
      "input_sha256": .array(inputHashes.map(JSON.string)),
    ]
    // Options that have come since; the checkpoint decides about these two.
    for (key, value) in options.json.objectValue?.members ?? []
    where object[key] == nil && !["null_context_sweep", "special_tokens"].contains(key) {
      object[key] = value
    }
    for (key, value) in more.members { object[key] = value }
    return .object(object)
  }
}

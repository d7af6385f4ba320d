import Foundation
import ModelCore
import StrictJSON
import TestSupport
import Testing

@Suite struct ConfigurationTests {
  /// What the package itself writes for a family.
  private static func base(_ family: ModelConfiguration.Family) throws -> JSONObject {
    try #require(Shape(family: family, tied: true).configuration().json.objectValue)
  }

  private static func read(_ object: JSONObject) throws -> ModelConfiguration {
    var reader = try JSONReader(.object(object))
    return try ModelConfiguration(reading: &reader)
  }

  /// A family, a key, a value that has to be refused, and where the message must say so.
  struct Refusal: Sendable, CustomTestStringConvertible {
    var family = ModelConfiguration.Family.qwen3
    let key: String
    let value: JSON?
    var path: String?
    var testDescription: String { "\(family) \(key) = \(value.map { $0.text() } ?? "missing")" }
  }

  private typealias Setting = (key: String, value: JSON)

  private static let unsupportedSettings: [Setting] = [
    ("model_type", "mamba"), ("model_type", "qwen3\n"), ("model_type", 3), ("hidden_act", "gelu"),
    ("hidden_act", .null), ("use_sliding_window", 1),
    ("layer_types", ["full_attention", "sliding_attention"]), ("layer_types", "full_attention"),
    ("num_experts", 8), ("num_local_experts", 8), ("n_routed_experts", 64),
    ("num_experts_per_tok", 2), ("mlp_bias", true),
    ("attention_dropout", 0.1), ("hidden_dropout", 0.1), ("resid_pdrop", 0.1),
    ("embd_pdrop", 0.1), ("pretraining_tp", 2), ("partial_rotary_factor", 0.5),
    ("quantization_config", ["bits": 4]), ("rope_parameters", "default"), ("is_causal", false),
  ]

  private static let malformedSettings: [Setting] = [
    ("vocab_size", 0), ("vocab_size", 1.0), ("vocab_size", 1_099_511_627_776),
    ("hidden_size", -8), ("hidden_size", "8"), ("num_hidden_layers", 0),
    ("num_attention_heads", 0), ("num_key_value_heads", 3), ("num_key_value_heads", 0),
    ("head_dim", 7), ("head_dim", 0), ("rms_norm_eps", -1), ("rms_norm_eps", "1e-6"),
    ("tie_word_embeddings", 1), ("bos_token_id", 11), ("eos_token_id", -1),
    ("pad_token_id", 11), ("max_position_embeddings", 0), ("intermediate_size", 1000.0),
  ]

  private static let requiredKeys = [
    "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
    "num_attention_heads", "rms_norm_eps", "max_position_embeddings", "head_dim",
  ]

  private static let nested: [Refusal] = [
    Refusal(family: .llama, key: "sliding_window", value: 4096),
    Refusal(family: .llama, key: "use_sliding_window", value: true),
    Refusal(family: .mistral, key: "sliding_window", value: 0),
    Refusal(family: .gemma3, key: "layer_types", value: ["sliding_attention"]),
    Refusal(family: .gemma3, key: "layer_types", value: ["chunked_attention", "full_attention"]),
    Refusal(family: .gemma3, key: "attn_logit_softcapping", value: 50),
    Refusal(family: .gemma3, key: "use_bidirectional_attention", value: true),
    Refusal(family: .gemma3, key: "hidden_activation", value: "silu"),
    Refusal(
      family: .olmo3, key: "rope_parameters",
      value: ["sliding_attention": ["rope_type": "yarn", "rope_theta": 1e4]],
      path: "rope_parameters.sliding_attention.rope_type"),
    Refusal(family: .phi3, key: "layer_types", value: ["full_attention", "sliding_attention"]),
    Refusal(family: .gemma3, key: "sliding_window", value: .null, path: "layer_types"),
    Refusal(family: .olmo3, key: "rope_parameters", value: ["rope_type": "yarn", "factor": 8]),
    Refusal(
      family: .olmo3, key: "rope_parameters",
      value: ["sliding_attention": ["type": "linear", "rope_theta": 1e4]],
      path: "rope_parameters.sliding_attention.type"),
    Refusal(
      family: .phi3, key: "rope_scaling", value: ["type": "longrope"], path: "rope_scaling.type"),
    Refusal(
      family: .phi3, key: "rope_parameters",
      value: ["rope_type": "default", "partial_rotary_factor": 0.2], path: "partial_rotary_factor"),
    Refusal(family: .gptNeoX, key: "hidden_act", value: "gelu_new"),
    Refusal(
      family: .gptNeoX, key: "rope_parameters", value: ["partial_rotary_factor": 0.1],
      path: "rotary_pct"),
    Refusal(family: .qwen2, key: "attention_bias", value: true),
    Refusal(family: .qwen3MoE, key: "num_experts_per_tok", value: 5),
    Refusal(family: .qwen3MoE, key: "num_experts", value: nil, path: "num_local_experts"),
    Refusal(family: .qwen3MoE, key: "moe_intermediate_size", value: 0),
    Refusal(family: .qwen3MoE, key: "mlp_only_layers", value: [7], path: "mlp_only_layers[0]"),
    Refusal(family: .qwen3MoE, key: "use_sliding_window", value: true),
    Refusal(
      key: "rope_parameters", value: ["rope_type": "longrope", "factor": 4],
      path: "rope_parameters.rope_type"),
    Refusal(
      key: "rope_parameters", value: ["rope_type": "default", "partial_rotary_factor": 0.5],
      path: "rope_parameters.partial_rotary_factor"),
    Refusal(
      key: "rope_parameters",
      value: [
        "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
        "original_max_position_embeddings": 64,
      ], path: "rope_parameters.high_freq_factor"),
    Refusal(
      key: "rope_parameters", value: ["rope_type": "llama3"],
      path: "rope_parameters.low_freq_factor"),
    Refusal(key: "rope_parameters", value: ["rope_theta": 0], path: "rope_parameters.rope_theta"),
    Refusal(
      key: "rope_parameters", value: ["full_attention": ["rope_type": "default"]],
      path: "rope_parameters.full_attention"),
    Refusal(key: "rope_scaling", value: ["type": "dynamic"], path: "rope_scaling.factor"),
    Refusal(key: "rope_scaling", value: ["type": "a\nb"], path: "rope_scaling.type"),
    Refusal(key: "rope_scaling", value: 2),
    Refusal(key: "eos_token_id", value: [2, 11], path: "eos_token_id[1]"),
  ]

  static var refusals: [Refusal] {
    let settings = unsupportedSettings + malformedSettings
    return settings.map { Refusal(key: $0.key, value: $0.value) }
      + requiredKeys.map { Refusal(key: $0, value: nil) } + nested
  }

  /// The message is one line that begins with the key.
  @Test(arguments: refusals) func settingsAreRefusedByName(
    refusal: Refusal
  ) throws {
    var object = try Self.base(refusal.family)
    object[refusal.key] = refusal.value
    do {
      _ = try Self.read(object)
      Issue.record("accepted")
    } catch {
      let message = "\(error)"
      #expect(message.hasPrefix("\(refusal.path ?? refusal.key): "))
      #expect(
        message.contains("(expected ") || message.contains(" is not ")
          || message.contains(" does not "), "\(message)")
      #expect(!message.contains("\n"))
    }
  }

  /// The old spelling of an unsupported rotation.
  @Test(arguments: ["type", "rope_type"]) func oldRotationsAreRefusedByName(key: String) throws {
    var object = try Self.base(.llama)
    var scaling: JSONObject = ["factor": 2.0]
    scaling[key] = "longrope"
    object["rope_scaling"] = .object(scaling)
    do {
      _ = try Self.read(object)
      Issue.record("accepted")
    } catch {
      let expected =
        "\"longrope\" is not supported (expected \"default\", \"linear\", \"dynamic\", \"llama3\" or \"yarn\")"
      #expect("\(error)" == "rope_scaling.\(key): \(expected)")
    }
  }

  /// Files that were written by several versions have both keys, one of them null.
  @Test func aNullRotationTypeIsNone() throws {
    let scaling: JSONObject = [
      "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192,
    ]
    for (first, second) in [("type", "rope_type"), ("rope_type", "type")] {
      var object = try Self.base(.llama)
      var members = scaling
      members[first] = "llama3"
      members[second] = .null
      object["rope_scaling"] = .object(members)
      let wanted = RotaryScaling.llama3(
        .init(
          factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 8192))
      #expect(try Self.read(object).ropeScaling == wanted, "\(first)")
      members[first] = "strange"
      object["rope_scaling"] = .object(members)
      #expect(throws: (any Error).self) { try Self.read(object) }
    }
  }

  /// Phi-3's files have the original positions beside the settings, and transformers prefers them there.
  @Test func originalPositionsBesideTheSettingsHavePriority() throws {
    for inner in [JSON.null, 32] {
      var object = try Self.base(.llama)
      object["original_max_position_embeddings"] = 64
      object["rope_scaling"] = [
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": inner,
      ]
      #expect(
        try Self.read(object).ropeScaling
          == .yarn(.init(factor: 4, originalMaximumPositions: 64)))
    }
  }

  @Test func neutralSettingsPass() throws {
    let neutral: [(String, JSON)] = [
      ("hidden_act", "silu"), ("use_sliding_window", false), ("use_sliding_window", .null),
      ("layer_types", ["full_attention", "full_attention"]), ("layer_types", .null),
      ("num_experts", 0), ("num_experts", .null), ("attention_bias", false),
      ("attention_bias", .null), ("mlp_bias", false), ("attention_dropout", 0.0),
      ("attention_dropout", 0), ("pretraining_tp", 1), ("partial_rotary_factor", 1.0),
      ("quantization_config", .null), ("sliding_window", .null),
      ("use_cache", true), ("torch_dtype", "bfloat16"), ("some_future_key", ["x": 1]),
      ("max_window_layers", 28), ("initializer_range", 0.02),
    ]
    for family in ModelConfiguration.Family.allCases {
      let base = try Self.base(family)
      let expected = try Self.read(base)
      #expect(expected == Shape(family: family, tied: true).configuration())
      // What they say of windows and rotations means something elsewhere.
      let meaning = ["sliding_window", "layer_types", "partial_rotary_factor", "attention_bias"]
      let isPlain = expected.slidingWindow == nil && family != .gptNeoX
      for (key, value) in neutral where isPlain || !meaning.contains(key) {
        if family == .gptNeoX, key == "hidden_act" { continue }
        if family == .qwen3MoE, key == "num_experts" { continue }
        var object = base
        object[key] = value
        #expect(try Self.read(object) == expected, "\(family) \(key)")
      }
    }
    // Qwen checkpoints carry the window's size with the switch off.
    var object = try Self.base(.qwen2)
    object["sliding_window"] = 131_072
    object["use_sliding_window"] = false
    #expect(try Self.read(object) == Shape(family: .qwen2, tied: true).configuration())
  }

  /// As transformers' configuration classes fill them in.
  @Test func windowsAreThoseOfTransformers() throws {
    func window(
      _ family: ModelConfiguration.Family, _ changes: [(String, JSON?)], layers: Int = 6
    ) throws -> ModelConfiguration.SlidingWindow? {
      var object = try Self.base(family)
      for key in ["sliding_window", "layer_types", "rope_parameters", "rope_theta"] {
        object[key] = nil
      }
      object["rope_local_base_freq"] = nil
      object["num_hidden_layers"] = .integer(layers)
      for (key, value) in changes { object[key] = value }
      return try Self.read(object).slidingWindow
    }
    #expect(
      try window(.mistral, []) == .init(width: 4096, layers: .init(repeating: true, count: 6)))
    #expect(try window(.mistral, [("sliding_window", .null)]) == nil)
    #expect(try window(.phi3, []) == nil)
    let switched: [(String, JSON?)] = [
      ("use_sliding_window", true), ("sliding_window", 7), ("max_window_layers", 4),
    ]
    #expect(
      try window(.qwen2, switched)
        == .init(width: 7, layers: [false, false, false, false, true, true]))
    #expect(try window(.qwen2, Array(switched.dropFirst())) == nil)
    #expect(try window(.qwen3, [("use_sliding_window", true)]) == nil, "28 layers see all")
    let pattern = [true, true, true, true, true, false]
    #expect(
      try window(.gemma3, []) == .init(width: 4096, layers: pattern, ropeTheta: 10_000))
    #expect(
      try window(
        .gemma3,
        [
          ("sliding_window_pattern", 2), ("sliding_window", 512), ("rope_local_base_freq", 300),
          ("rope_theta", 5),
        ]) == .init(width: 512, layers: (0..<6).map { $0 % 2 == 0 }, ropeTheta: 300))
    #expect(
      try window(.olmo3, [("rope_theta", 500_000)])
        == .init(width: 4096, layers: [true, true, true, false, true, true], ropeTheta: 500_000))
    #expect(
      try window(
        .qwen2, [("use_sliding_window", true), ("sliding_window", .null), ("max_window_layers", 0)])
        == nil)
    // A Mistral with windows in some layers; it is written as it was read.
    let mixed: JSON = [
      "full_attention", "sliding_attention", "sliding_attention", "full_attention",
      "sliding_attention", "sliding_attention",
    ]
    var object = try Self.base(.mistral)
    object["num_hidden_layers"] = 6
    object["layer_types"] = mixed
    let read = try Self.read(object)
    #expect(read.slidingWindow?.layers == [false, true, true, false, true, true])
    #expect(try Self.read(#require(read.json.objectValue)) == read)
    let types: [JSON] = (0..<6).map { $0 == 2 ? "sliding_attention" : "full_attention" }
    #expect(
      try window(.olmo3, [("layer_types", .array(types))])?.layers
        == (0..<6).map { $0 == 2 })
  }

  /// Both names of the number of experts, and which layers have them.
  @Test func expertsAreThoseOfTransformers() throws {
    var object = try Self.base(.qwen3MoE)
    object["num_hidden_layers"] = 6
    object["mlp_only_layers"] = [3]
    object["decoder_sparse_step"] = 2
    object["num_experts"] = nil
    object["num_local_experts"] = 7
    object["norm_topk_prob"] = nil
    let read = try Self.read(object)
    let experts = try #require(read.experts)
    #expect(experts.count == 7 && !experts.normalizesWeights)
    #expect(experts.layers == [false, true, false, false, false, true])
    #expect(try Self.read(#require(read.json.objectValue)) == read)
    object["num_local_experts"] = 0
    #expect(try Self.read(object).experts == nil)
  }

  /// `dynamic` changes nothing up to the model's positions, and there are none beyond.
  @Test func dynamicRotationsLimitPositions() throws {
    var object = try Self.base(.llama)
    object["rope_scaling"] = ["rope_type": "dynamic", "factor": 4.0]
    let read = try Self.read(object)
    #expect(read.ropeScaling == .dynamic(factor: 4) && read.limitsPositions)
    #expect(try Self.read(#require(read.json.objectValue)) == read)
    var plain = read
    plain.ropeScaling = nil
    #expect(!plain.limitsPositions)
    #expect(RotaryAngles(read).frequencies == RotaryAngles(plain).frequencies)
  }

  @Test func absentSettingsHaveTheirDefaults() throws {
    var object = try Self.base(.llama)
    for key in [
      "head_dim", "num_key_value_heads", "rope_parameters", "rope_scaling", "rope_theta",
      "tie_word_embeddings", "bos_token_id", "eos_token_id", "pad_token_id",
    ] {
      object[key] = nil
    }
    let configuration = try Self.read(object)
    #expect(configuration.headDimension == 2)  // hidden size 8, four heads
    #expect(configuration.keyValueHeadCount == 4)
    #expect(configuration.ropeTheta == 10_000 && configuration.ropeScaling == nil)
    #expect(!configuration.tiedEmbeddings)
    #expect(configuration.bosToken == nil && configuration.padToken == nil)
    #expect(configuration.eosTokens.isEmpty)

    object["hidden_size"] = 10
    #expect(throws: JSONValueError.self) { try Self.read(object) }
    object["hidden_size"] = 12
    #expect(throws: JSONValueError.self) { try Self.read(object) }  // heads of three columns
  }

  @Test func padTokenMinusOneMeansNone() throws {
    var object = try Self.base(.llama)
    object["pad_token_id"] = -1
    #expect(try Self.read(object).padToken == nil)
  }

  /// transformers 5 writes `rope_parameters`, older versions `rope_theta` and `rope_scaling`.
  @Test func bothSpellingsOfTheRotationAreTheSame() throws {
    let golden = try Golden("llama-tied")
    let new = try ModelConfiguration(directory: golden.directory)
    let old = try withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        atPath: golden.directory + "/config.old-spelling.json", toPath: directory + "/config.json")
      return try ModelConfiguration(directory: directory)
    }
    #expect(new == old)
    #expect(new.ropeTheta == 2000)
    #expect(
      new.ropeScaling
        == .llama3(
          .init(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 256)
        ))
  }

  /// transformers 5 takes `rope_scaling` where both stand, older versions know nothing else: what is
  /// written with scaling has to say so in both, and what is read must not lose either.
  @Test func rotationsInBothSpellingsAreThoseOfTransformers() throws {
    let scaled = try Self.base(.llama)
    for key in ["rope_parameters", "rope_scaling"] {
      var one = scaled
      one[key] = nil
      #expect(try Self.read(one) == Shape(family: .llama, tied: true).configuration())
    }
    var plain = scaled
    plain["rope_parameters"] = ["rope_type": "default", "rope_theta": 7.0]
    #expect(try Self.read(plain) == Shape(family: .llama, tied: true).configuration())
    plain["rope_scaling"] = [:]
    #expect(try Self.read(plain).ropeScaling == nil)
    #expect(try Self.read(plain).ropeTheta == 7)
  }

  @Test func errorsOfFilesNameTheFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/config.json"
      var object = try Self.base(.qwen3)
      object["hidden_act"] = "relu"
      try Data(JSON.object(object).text(indent: 2).utf8).write(to: URL(fileURLWithPath: path))
      #expect(
        throws: CheckpointError(
          path: path, message: "hidden_act: \"relu\" is not supported (expected \"silu\")")
      ) { try ModelConfiguration(directory: directory) }

      try Data("{\n  \"a\": 1,\n  \"a\": 2\n}".utf8).write(to: URL(fileURLWithPath: path))
      do {
        _ = try ModelConfiguration(directory: directory)
        Issue.record("accepted")
      } catch {
        #expect("\(error)".hasPrefix(path + ":3: "))
        #expect(!"\(error)".contains("\n"))
      }
    }
  }
}

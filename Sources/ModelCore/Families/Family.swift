// The protocol of a model family, and the list of all families.
//
// To add one, write a file in this folder with a type like `Qwen3` or `Llama`, and add a line to
// the list below. A family that is composed of existing operations (Operations/) needs nothing
// else. A new operation is a new file in Operations/, with its kernels in Backend/.
import StrictJSON

/// One architecture: its keys in config.json, its parameters and the operations between them.
protocol ModelFamily: Sendable {
  /// `model_type` of config.json.
  static var name: String { get }

  /// Reads the keys of transformers' configuration class; other keys are ignored. Settings that
  /// change the computation in a way that is not implemented are errors.
  static func read(_ reader: inout JSONReader) throws(JSONValueError) -> ModelConfiguration

  /// transformers' class of the language model.
  static var architecture: String { get }

  /// config.json as transformers writes it, without `architectures`.
  static func json(_ configuration: ModelConfiguration) -> JSONObject

  /// Appends every parameter in order, and returns the operations that use them.
  static func build(_ layout: inout ParameterLayout.Builder) -> Network

  /// Alternative names of a parameter in checkpoints.
  static func alternatives(to name: String) -> [String]

  /// The name of the matrix of logits in checkpoints, in a model whose head is not tied.
  static var headName: String { get }

  /// Whether a tensor of a checkpoint is not a parameter and can be ignored.
  static func ignores(_ tensor: String) -> Bool

  /// Whether positions are learned, so that there are none beyond `maximumPositions`.
  static var learnsPositions: Bool { get }

  /// A model of the family that is small enough to move every parameter, for self-checks.
  static func tiny(tied: Bool) -> ModelConfiguration
}

extension ModelFamily {
  static func alternatives(to name: String) -> [String] { [] }
  static var headName: String { "lm_head.weight" }
  static func ignores(_ tensor: String) -> Bool { false }
  static var learnsPositions: Bool { false }

  static func tiny(tied: Bool) -> ModelConfiguration { .tiny(Self.self, tied: tied) }
}

extension ModelConfiguration {
  /// 2 layers, with two query heads per key/value head. The norms' ε is large. With a small ε the
  /// norm of a row of 4 numbers near 0 is too curved for finite differences.
  static func tiny(_ family: any ModelFamily.Type, tied: Bool) -> ModelConfiguration {
    ModelConfiguration(
      family: Family(family), vocabularySize: 11, hiddenSize: 4, feedForwardSize: 5, layerCount: 2,
      headCount: 2, keyValueHeadCount: 1, headDimension: 4, normEpsilon: 0.1, ropeTheta: 500,
      tiedEmbeddings: tied, maximumPositions: 64)
  }

  /// A family, by its `model_type`.
  public struct Family: RawRepresentable, CaseIterable, Sendable, Hashable {
    /// All families, in the order in which messages name them.
    static let list: [any ModelFamily.Type] = [
      Qwen3.self,
      Qwen3MoE.self,
      Qwen2.self,
      Llama.self,
      Mistral.self,
      Phi3.self,
      OLMo2.self,
      OLMo3.self,
      Gemma2.self,
      Gemma3.self,
      GPT2.self,
      GPTNeoX.self,
    ]

    public let rawValue: String
    let type: any ModelFamily.Type

    /// The name of the matrix of logits in checkpoints.
    public var headName: String { type.headName }

    /// Whether positions are learned, so that longer sequences cannot be computed.
    public var learnsPositions: Bool { type.learnsPositions }

    init(_ type: any ModelFamily.Type) {
      self.type = type
      rawValue = type.name
    }

    public init?(rawValue: String) {
      guard let type = Self.list.first(where: { $0.name == rawValue }) else { return nil }
      self.init(type)
    }

    public static var allCases: [Family] { list.map { Family($0) } }

    /// A model of the family that is small enough to move every parameter, for self-checks.
    public func tiny(tied: Bool) -> ModelConfiguration { type.tiny(tied: tied) }

    public static func == (a: Family, b: Family) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  }
}

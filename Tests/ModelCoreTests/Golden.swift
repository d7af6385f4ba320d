// What the PyTorch fixtures say, read with the package's own readers.
import Foundation
import ModelCore
import Safetensors
import StrictJSON
import Testing

/// One checkpoint's goldens; see Fixtures/README.md.
struct Golden {
  struct Sample {
    let prompt: [Int32]
    let response: [Int32]
    let nullContext: [Int32]
    let firstScored: Int
    let logMarginal: [Double]
    let logConditional: [Double]
    let entropyMarginal: [Double]
    let entropyConditional: [Double]
    let innerProduct: Double
    let squaredNormMarginal: Double
    let squaredNormConditional: Double
    let cosine: Double
    /// Products by parameter name.
    let parameters: [String: (inner: Double, marginal: Double, conditional: Double)]

    var marginal: ScoredSequence {
      ScoredSequence(context: nullContext, response: response, firstScored: firstScored)
    }
    var conditional: ScoredSequence {
      ScoredSequence(context: prompt, response: response, firstScored: firstScored)
    }
  }

  static let names = [
    "qwen3-tied", "qwen3-tied-sharded", "qwen3-untied", "qwen2-tied", "qwen2-untied",
    "qwen2-untied-bf16", "llama-tied", "llama-untied", "llama-biases",
    "qwen3-yarn", "gpt2", "gpt2-bare", "qwen2-window", "mistral", "mistral-tied", "phi3",
    "phi3-tied",
    "olmo2", "olmo2-tied", "olmo3", "gemma3", "gemma3-untied", "gpt-neox", "gpt-neox-sequential",
    "qwen3-moe", "qwen3-moe-tied", "gemma3-capped", "gemma2", "gemma2-untied",
  ]

  let directory: String
  let samples: [Sample]
  let gradientSamples: [Int]

  init(_ name: String) throws {
    let fixtures = try #require(Bundle.module.path(forResource: "Fixtures", ofType: nil))
    directory = fixtures + "/" + name
    // The sharded checkpoint holds the same tensors as the whole one.
    let source = name == "qwen3-tied-sharded" ? fixtures + "/qwen3-tied" : directory
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: source + "/golden.json")))
    let json = try #require(try JSON.parse(bytes).objectValue)
    let names = try #require(json["parameter_names"]?.arrayValue).compactMap(\.stringValue)
    gradientSamples = json["gradient_samples"]?.arrayValue?.compactMap(\.intValue) ?? []
    samples = try #require(json["samples"]?.arrayValue).map { value in
      let sample = try #require(value.objectValue)
      func tokens(_ key: String) throws -> [Int32] {
        try #require(sample[key]?.arrayValue).compactMap { $0.intValue.map { Int32($0) } }
      }
      let firstScored = try #require(sample["first_scored"]?.intValue)
      func scored(_ key: String) throws -> [Double] {
        try #require(sample[key]?.arrayValue).dropFirst(firstScored).compactMap(\.doubleValue)
      }
      func number(_ key: String) throws -> Double { try #require(sample[key]?.doubleValue) }
      let products = try #require(sample["parameters"]?.objectValue)
      func column(_ key: String) throws -> [Double] {
        try #require(products[key]?.arrayValue).compactMap(\.doubleValue)
      }
      let inner = try column("inner_product")
      let marginal = try column("squared_norm_marginal")
      let conditional = try column("squared_norm_conditional")
      return Sample(
        prompt: try tokens("prompt"), response: try tokens("response"),
        nullContext: try tokens("null_context"), firstScored: firstScored,
        logMarginal: try scored("logp_marginal"), logConditional: try scored("logp_conditional"),
        entropyMarginal: try scored("entropy_marginal"),
        entropyConditional: try scored("entropy_conditional"),
        innerProduct: try number("inner_product"),
        squaredNormMarginal: try number("squared_norm_marginal"),
        squaredNormConditional: try number("squared_norm_conditional"),
        cosine: try number("cosine"),
        parameters: Dictionary(
          uniqueKeysWithValues: names.indices.map {
            (names[$0], (inner[$0], marginal[$0], conditional[$0]))
          }))
    }
  }
}

// A tiny checkpoint that reads text, made for a test.
import Foundation
import KeyedRandom
import ModelCore
import StrictJSON
import Testing
import Tokenizers

/// A Qwen3 of one layer with the byte-level BPE vocabulary of TokenizersTests and a chat template.
struct TextCheckpoint {
  /// ChatML with Qwen3's switch for thoughts.
  static let template = #"""
    {%- for message in messages %}
        {%- set content = message.content %}
        {%- if message.role == "assistant" and '</think>' in content %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
        {%- if enable_thinking is defined and enable_thinking is false %}
            {{- '<think>\n\n</think>\n\n' }}
        {%- endif %}
    {%- endif %}
    """#
  /// The vocabulary that the weights have, more than the tokenizer's, as padded ones are.
  static let vocabularySize = 720
  static let tokenizerPath = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../TokenizersTests/Fixtures/qwen-tokenizer.json").standardized.path

  let tokenizer: Tokenizer
  let chatTemplate: ChatTemplate

  /// Writes the folder. The weights are random, or with `answer` such that the likeliest
  /// continuation of a prompt through the template is that text and the end of the turn.
  init(at folder: String, answer: String? = nil) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    tokenizer = try Tokenizer(path: Self.tokenizerPath)
    chatTemplate = try ChatTemplate(Self.template)
    let end = try #require(tokenizer.id(of: "<|im_end|>"))
    let configuration = ModelConfiguration(
      family: .qwen3, vocabularySize: Self.vocabularySize, hiddenSize: answer == nil ? 16 : 64,
      feedForwardSize: 16, layerCount: 1, headCount: 2, keyValueHeadCount: 1, headDimension: 8,
      tiedEmbeddings: answer == nil, maximumPositions: 1024,
      bosToken: try #require(tokenizer.id(of: "<|im_start|>").map(Int.init)),
      eosTokens: [Int(end)])
    let model = Transformer<Float>(configuration)
    if let answer {
      let newline = try tokenizer.encode("\n")
      Self.chain(try newline + tokenizer.encode(answer) + [end], in: model)
    } else {
      model.initialize(RandomKey(seed: 3))
    }
    try model.save(directory: folder)
    for (name, text) in [
      ("tokenizer.json", try String(contentsOfFile: Self.tokenizerPath, encoding: .utf8)),
      ("chat_template.jinja", Self.template),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  /// Weights by which every token of the chain is followed by the next one: the layer adds nothing,
  /// embeddings are random signs, and the head's row of a token is its predecessor's embedding.
  private static func chain(_ tokens: [Int32], in model: Transformer<Float>) {
    #expect(Set(tokens).count == tokens.count, "a token follows two")
    let width = model.configuration.hiddenSize
    func offset(_ name: String) -> Int {
      model.layout.parameters.first { $0.name == name }?.offset ?? 0
    }
    let (embedding, norm, head) = (
      offset("model.embed_tokens.weight"), offset("model.norm.weight"), offset("lm_head.weight")
    )
    var generator = RandomKey(seed: 5).generator()
    model.withParameters { parameters in
      parameters.withMutableSpan { values in
        for place in 0..<vocabularySize * width {
          values[embedding + place] = generator.bernoulli(0.5) ? 1 : -1
        }
        for place in 0..<width { values[norm + place] = 1 }
        for (token, next) in zip(tokens, tokens.dropFirst()) {
          for place in 0..<width {
            values[head + Int(next) * width + place] =
              values[embedding + Int(token) * width + place]
          }
        }
      }
    }
  }
}

// Log-probabilities and their gradients from forward passes alone. Nothing of the products between
// gradients or of the alignment is used here.
import Foundation
import ModelCore

/// A response after a context.
struct Continuation: Hashable, Sendable {
  var context: [Int32]
  var response: [Int32]
}

/// What a model says of the tokens of a continuation, one entry a response token. Without a context the
/// first token has no prediction: its logarithm is NaN and its gradient empty.
struct TokenTable: Sendable {
  var logs: [Double]
  /// ∇ log π(y_t | context, y_<t) over all parameters.
  var gradients: [[Double]]
}

/// The model under test as a black box that gives log-probabilities.
struct Reference: Sendable {
  let model: Transformer<Double>

  /// Scalars of each group, "layer module", by the names of the checkpoint.
  let groups: [(name: String, places: [Int])]

  init(_ model: Transformer<Double>) {
    self.model = model
    var groups: [(name: String, places: [Int])] = []
    for parameter in model.layout.parameters {
      // model.layers.0.self_attn.q_proj.weight
      var path = parameter.name.split(separator: ".").map(String.init)
      path.removeLast()
      path.removeAll { $0 == "model" }
      let isLayer = path[0] == "layers"
      let name =
        (isLayer ? path[1] : "-1") + " " + path[(isLayer ? 2 : 0)...].joined(separator: ".")
      if !groups.contains(where: { $0.name == name }) { groups.append((name, [])) }
      for place in groups.indices where groups[place].name == name {
        groups[place].places += Array(parameter.range)
      }
    }
    self.groups = groups
  }

  // MARK: - Forward

  /// log π of each response token.
  func logs(_ continuations: [Continuation]) -> [[Double]] {
    let workspace = Workspace(model)
    return stride(from: 0, to: continuations.count, by: 256).flatMap { start in
      Self.logs(workspace, Array(continuations[start..<min(start + 256, continuations.count)]))
    }
  }

  private static func logs(
    _ workspace: Workspace<Double>, _ continuations: [Continuation]
  ) -> [[Double]] {
    var batch = PackedSequences()
    for one in continuations where !one.context.isEmpty || one.response.count > 1 {
      batch.append(ScoredSequence(context: one.context, response: one.response))
    }
    var rest = workspace.score(batch).logProbabilities[...]
    return continuations.map { one in
      let unscored = one.context.isEmpty ? 1 : 0
      let scored = one.response.count - unscored
      defer { rest = rest.dropFirst(scored) }
      return Array(repeating: .nan, count: unscored) + rest.prefix(scored)
    }
  }

  /// −Σ_v π(v) log π(v) after a context, from the log-probability of every token of the vocabulary.
  func entropy(after context: [Int32]) -> Double {
    let vocabulary = 0..<Int32(model.configuration.vocabularySize)
    return logs(vocabulary.map { Continuation(context: context, response: [$0]) })
      .reduce(0) { $0 - exp($1[0]) * $1[0] }
  }

  // MARK: - Gradients

  /// The distance of the difference quotients, for parameters of order 1. These models bend within a
  /// hundredth, so the error of the fourth order is near 1e-10 of a gradient; the rounding of a
  /// log-probability over this distance is near 1e-10 too.
  private static let step = 2e-5

  /// A copy of the model whose parameters move.
  private final class Mover {
    let model: Transformer<Double>
    let workspace: Workspace<Double>

    init(_ original: Transformer<Double>) {
      model = Transformer(original.configuration)
      workspace = Workspace(model)
      original.withParameters { from in model.withParameters { $0.copy(from: from) } }
    }

    func value(_ place: Int) -> Double {
      model.withParameters { $0.withSpan { $0[place] } }
    }

    func set(_ place: Int, _ value: Double) {
      model.withParameters { $0.withMutableSpan { $0[place] = value } }
    }

    /// d log π / dθ of every token, by central differences of fourth order.
    func derivatives(_ place: Int, _ continuations: [Continuation]) -> [[Double]] {
      let start = value(place)
      func logs(_ steps: Double) -> [[Double]] {
        set(place, start + steps * Reference.step)
        return Reference.logs(workspace, continuations)
      }
      let (near, nearBelow) = (logs(1), logs(-1))
      let (far, farBelow) = (logs(2), logs(-2))
      set(place, start)
      return near.indices.map { one in
        near[one].indices.map { token in
          (8 * (near[one][token] - nearBelow[one][token])
            - (far[one][token] - farBelow[one][token])) / (12 * Reference.step)
        }
      }
    }
  }

  /// Tables of continuations by brute force: every parameter is moved four times.
  func tables(_ continuations: [Continuation]) -> [Continuation: TokenTable] {
    let count = model.layout.count
    var tables: [Continuation: TokenTable] = [:]
    for (one, logs) in zip(continuations, logs(continuations)) {
      tables[one] = TokenTable(
        logs: logs,
        gradients: logs.map { $0.isNaN ? [] : Array(repeating: 0, count: count) })
    }
    let model = model
    _ = try? forEachInOrder(
      0..<count, threads: 2, makeWorker: { Mover(model) },
      body: { mover, place in mover.derivatives(place, continuations) },
      consume: { place, derivatives in
        for (one, tokens) in zip(continuations, derivatives) {
          for (token, derivative) in tokens.enumerated() where !derivative.isNaN {
            tables[one]?.gradients[token][place] = derivative
          }
        }
      })
    return tables
  }

  /// The same table by the backward pass, one sequence and one token at a time. Its only use is where
  /// the noise of difference quotients matters; `MainPairTests` compares the two.
  func backwardTable(_ one: Continuation) -> TokenTable {
    let workspace = Workspace(model)
    var batch = PackedSequences()
    batch.append(ScoredSequence(context: one.context, response: one.response))
    let logs = workspace.score(batch).logProbabilities
    let unscored = one.response.count - logs.count
    let gradients = logs.indices.map { token in
      var gradient = GradientBuffer<Double>(model.layout)
      workspace.accumulateGradient(
        coefficients: logs.indices.map { $0 == token ? 1 : 0 }, into: &gradient)
      return gradient.values.withSpan { span in span.indices.map { span[$0] } }
    }
    return TokenTable(
      logs: Array(repeating: .nan, count: unscored) + logs,
      gradients: Array(repeating: [], count: unscored) + gradients)
  }

  /// Σ_t log π of continuations after a step Δθ.
  func sums(_ continuations: [Continuation], after step: [Double]) -> [Double] {
    let mover = Mover(model)
    for place in step.indices { mover.set(place, mover.value(place) + step[place]) }
    return Reference.logs(mover.workspace, continuations).map { tokens in
      tokens.reduce(0) { $0 + ($1.isNaN ? 0 : $1) }
    }
  }

  /// |θ|
  var norm: Double {
    let mover = Mover(model)
    return (0..<model.layout.count).reduce(0) { $0 + mover.value($1) * mover.value($1) }
      .squareRoot()
  }
}

// MARK: - Plain loops over vectors

/// Σ a·b
func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "vectors of one length")
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

/// Σ_i weight_i · vector_i; a vector of weight 0 may be empty.
func combination(_ vectors: [[Double]], _ weights: [Double], count: Int) -> [Double] {
  var sum = [Double](repeating: 0, count: count)
  for (vector, weight) in zip(vectors, weights) where weight != 0 {
    for index in sum.indices { sum[index] += weight * vector[index] }
  }
  return sum
}

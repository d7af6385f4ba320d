// AdamW: Adam with decoupled weight decay (Loshchilov & Hutter, 1711.05101), as torch.optim.AdamW.
import ModelCore
import RealModule

/// Settings and both moments of AdamW over the parameters of a layout.
///
/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,
/// θ ← (1 − lr·wd) θ − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
public struct AdamW: ~Copyable {
  /// β, ε and the decay of matrices; norm weights and biases do not decay.
  public struct Settings: Sendable, Hashable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double

    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  public let settings: Settings
  /// In the order of their places, without gaps.
  let parameters: [ParameterLayout.Parameter]
  let first: Moment
  let second: Moment
  /// Updates made so far.
  public private(set) var step = 0

  public init(_ layout: ParameterLayout, settings: Settings) {
    self.init(layout.parameters, settings: settings)
  }

  /// - Parameter parameters: In the order of their places, without gaps.
  init(_ parameters: [ParameterLayout.Parameter], settings: Settings) {
    let count = parameters.reduce(0) { $0 + $1.count }
    self.parameters = parameters
    self.settings = settings
    first = Moment("exp_avg", count: count)
    second = Moment("exp_avg_sq", count: count)
  }

  /// One update along −gradient (the gradient of a loss), which `scale` multiplies first.
  ///
  /// Every element depends on its own place alone: the bits are the same on any number of threads.
  public mutating func update(
    _ values: inout Buffer<Float>, gradient: borrowing Buffer<Float>, scale: Double = 1,
    learningRate: Double, threads: Int = 1
  ) {
    step += 1
    let correction1 = 1 - Double.pow(settings.beta1, step)
    let correction2 = 1 - Double.pow(settings.beta2, step)
    let beta1 = Float(settings.beta1)
    let beta2 = Float(settings.beta2)
    let rate = Float(learningRate / correction1)
    let inverseRoot = Float(1 / correction2.squareRoot())
    let epsilon = Float(settings.epsilon)
    let scale = Float(scale)
    let decay = 1 - Float(learningRate * settings.weightDecay)
    let keeps = parameters.map { $0.isMatrix ? decay : 1 }
    values.update(
      &first.values, &second.values, from: gradient, ranges: parameters.map(\.range),
      threads: threads
    ) { parameter, theta, m, v, g in
      let keep = keeps[parameter]
      for i in g.indices {
        let slope = scale * g[i]
        let first = beta1 * m[i] + (1 - beta1) * slope
        let second = beta2 * v[i] + (1 - beta2) * slope * slope
        m[i] = first
        v[i] = second
        theta[i] =
          keep * theta[i] - rate * first / (second.squareRoot() * inverseRoot + epsilon)
      }
    }
  }

  /// Takes over the number of updates of the optimizer whose moments were read.
  mutating func restore(step: Int) {
    self.step = step
  }

  /// One moment, in the order of the layout; shared with the writer of a file, which reads it piece by
  /// piece.
  final class Moment {
    /// torch.optim's name.
    let name: String
    var values: Buffer<Float>

    init(_ name: String, count: Int) {
      self.name = name
      values = Buffer(count: count)
    }
  }
}

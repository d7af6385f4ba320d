// AdamW: Adam with decoupled weight decay (Loshchilov & Hutter, 1711.05101), as torch.optim.AdamW.
import ModelCore
import RealModule

/// Settings and both moments of AdamW over one parameter layout.
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
  let layout: ParameterLayout
  private var firstMoment: Buffer<Float>
  private var secondMoment: Buffer<Float>
  /// Updates made so far.
  public private(set) var step = 0

  public init(_ layout: ParameterLayout, settings: Settings) {
    self.layout = layout
    self.settings = settings
    firstMoment = Buffer(count: layout.count)
    secondMoment = Buffer(count: layout.count)
  }

  /// One update along −gradient (the gradient of a loss), which `scale` multiplies first.
  public mutating func update(
    _ parameters: inout Buffer<Float>, gradient: borrowing Buffer<Float>, scale: Double = 1,
    learningRate: Double
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
    let layout = layout
    let decay = 1 - Float(learningRate * settings.weightDecay)
    parameters.withMutableSpan { theta in
      firstMoment.withMutableSpan { m in
        secondMoment.withMutableSpan { v in
          gradient.withSpan { g in
            for parameter in layout.parameters {
              let keep = parameter.isMatrix ? decay : 1
              for i in parameter.range {
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
        }
      }
    }
  }

  /// Both moments, in the order of the layout.
  package var moments: [[Float]] {
    func array(_ buffer: borrowing Buffer<Float>) -> [Float] {
      buffer.withSpan { span in span.indices.map { span[$0] } }
    }
    return [array(firstMoment), array(secondMoment)]
  }

  /// Takes over the moments and the number of updates of another optimizer.
  mutating func restore(_ moments: [[Float]], step: Int) {
    precondition(moments.count == 2 && moments.allSatisfy { $0.count == layout.count })
    firstMoment.withMutableSpan { span in for i in span.indices { span[i] = moments[0][i] } }
    secondMoment.withMutableSpan { span in for i in span.indices { span[i] = moments[1][i] } }
    self.step = step
  }
}

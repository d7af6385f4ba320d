// The clipped value loss of one token and its closed-form derivative.
//
//   loss = ½ max((v − R)², (clip(v, v_old − ε, v_old + ε) − R)²)
//   d loss / d v = v − R, or 0 where the clipped branch is strictly larger
//
// As in TRL (`ppo_trainer.py`), verl and OpenAI's baselines. Where v has moved by more than ε towards R, the
// clipped branch is the larger one: the value stops there. Where it has moved away, it is pulled back.

/// The loss of a value function.
package struct ValueLoss: Sendable, Hashable {
  /// ε > 0; nil for no limit.
  package var clipRange: Double?

  package init(clipRange: Double? = nil) {
    self.clipRange = clipRange
  }

  /// - Parameters:
  ///   - value: v, the present value.
  ///   - old: v_old, the value when the batch began.
  ///   - target: R, the return.
  package func token(
    value: Double, old: Double, target: Double
  ) -> (loss: Double, slope: Double, isClipped: Bool) {
    let error = value - target
    let loss = error * error / 2
    guard let clipRange else { return (loss, error, false) }
    let held = min(max(value, old - clipRange), old + clipRange) - target
    let heldLoss = held * held / 2
    return heldLoss > loss ? (heldLoss, 0, true) : (loss, error, false)
  }
}

// The scale of a batch's advantages.

/// What is done to the advantages of all tokens of a batch before they are used.
///
/// TRL, verl and OpenRLHF shift and scale. The shift is a push of the same size on every token, whatever
/// its reward. After the prompt its expectation is 0, since E[∇log π(y_t|x, y_<t)] = 0. After a null
/// context it is not.
public enum Whitening: String, Sendable, CaseIterable {
  case none
  /// A / std: no shift.
  case scale
  /// (A − mean) / std, as `masked_whiten` of TRL and verl.
  case shiftAndScale = "shift-scale"

  /// Added to the variance, as in TRL and verl.
  private static var epsilon: Double { 1e-8 }

  /// The advantages of a batch, whitened over all tokens that take part.
  ///
  /// The variance has n − 1 (as TRL and verl; OpenRLHF has n). Equal advantages stay as they are under
  /// `scale` and become 0 under `shiftAndScale`.
  ///
  /// - Parameter isOwn: Which tokens take part, for each response; nil for all. Others stay as they are.
  public func whitened(_ advantages: [[Double]], isOwn: [[Bool]]? = nil) -> [[Double]] {
    guard self != .none else { return advantages }
    func takesPart(_ response: Int, _ token: Int) -> Bool { isOwn?[response][token] ?? true }
    let values = advantages.indices.flatMap { response in
      advantages[response].indices.filter { takesPart(response, $0) }
        .map { advantages[response][$0] }
    }
    guard values.count > 1 else { return advantages }
    let deviation = standardDeviation(values)
    let shift = self == .scale ? 0 : values.reduce(0, +) / Double(values.count)
    let factor = deviation == 0 ? 1 : 1 / (deviation * deviation + Self.epsilon).squareRoot()
    return advantages.indices.map { response in
      advantages[response].enumerated().map { token, value in
        guard takesPart(response, token) else { return value }
        // Exactly 0 for equal advantages, whatever their computed mean.
        if deviation == 0, self == .shiftAndScale { return 0 }
        return (value - shift) * factor
      }
    }
  }
}

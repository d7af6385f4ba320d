// Estimators of KL(π ‖ π_ref) from a token that π sampled (Schulman, "Approximating KL divergence", 2020).
//
// With d = log π(y_t|·) − log π_ref(y_t|·), y_t ~ π:
//   k1 = d                 unbiased; negative for single tokens
//   k2 = ½ d²              biased, never negative
//   k3 = e^(−d) − 1 + d    unbiased, never negative
//
// In a reward each is a number. As a loss each has its derivative by log π, and only that of k2 is the
// gradient of the KL in expectation: E[d ∇log π] = ∇KL. That of k1 is 0 in expectation, and that of k3 is
// the gradient of KL(π_ref ‖ π).
import RealModule

/// How the divergence from a reference is estimated.
public enum KLEstimator: String, Sendable, CaseIterable {
  case k1, k2, k3

  /// The estimate of a token, in nats.
  ///
  /// - Parameter logRatio: d = log π − log π_ref.
  package func value(_ logRatio: Double) -> Double {
    switch self {
    case .k1: logRatio
    case .k2: logRatio * logRatio / 2
    case .k3: Double.expMinusOne(-logRatio) + logRatio
    }
  }

  /// Its derivative by log π.
  package func slope(_ logRatio: Double) -> Double {
    switch self {
    case .k1: 1
    case .k2: logRatio
    case .k3: -Double.expMinusOne(-logRatio)
    }
  }
}

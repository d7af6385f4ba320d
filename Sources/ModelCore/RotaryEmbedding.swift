// Rotary position embedding (Su et al., 2104.09864) in Hugging Face's half-split arrangement.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// Pair i of a head is (x_i, x_{i+D/2}), turned by the angle position · f_i, f_i = θ^(−2i/D).
// A rotation is orthogonal, so its backward is the rotation by the negative angle.
import RealModule

/// Cosines and sines of every position up to a capacity; angles are computed in Double.
package struct RotaryTable<Scalar: ModelScalar>: ~Copyable {
  private let cosines: Buffer<Scalar>  // (positions, D/2)
  private let sines: Buffer<Scalar>  // (positions, D/2)
  private let half: Int
  package let positions: Int

  package init(_ configuration: ModelConfiguration, positions: Int) {
    half = configuration.headDimension / 2
    self.positions = positions
    cosines = Buffer(count: positions * half)
    sines = Buffer(count: positions * half)
    let frequencies = Self.frequencies(configuration)
    for position in 0..<positions {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(position) * frequency
        cosines.base[position * half + i] = Scalar(Double.cos(angle))
        sines.base[position * half + i] = Scalar(Double.sin(angle))
      }
    }
  }

  /// f_i, with Llama 3's scaling where the configuration has it: wavelengths beyond
  /// original / low_freq_factor are stretched by `factor`, those below original / high_freq_factor
  /// stay, and between them the two are blended (transformers' `_compute_llama3_parameters`).
  package static func frequencies(_ configuration: ModelConfiguration) -> [Double] {
    let dimension = Double(configuration.headDimension)
    return (0..<configuration.headDimension / 2).map { i in
      let frequency = Double.pow(configuration.ropeTheta, -2 * Double(i) / dimension)
      guard let scaling = configuration.ropeScaling else { return frequency }
      let wavelength = 2 * Double.pi / frequency
      let original = Double(scaling.originalMaximumPositions)
      if wavelength < original / scaling.highFrequencyFactor { return frequency }
      if wavelength > original / scaling.lowFrequencyFactor { return frequency / scaling.factor }
      let blend =
        (original / wavelength - scaling.lowFrequencyFactor)
        / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor)
      return (1 - blend) * frequency / scaling.factor + blend * frequency
    }
  }

  /// out = scale · rotate(x) of one head (D); not in place.
  @inline(__always)
  package borrowing func rotate(
    _ x: UnsafePointer<Scalar>, position: Int, scale: Scalar,
    into out: UnsafeMutablePointer<Scalar>
  ) {
    let c = cosines.base + position * half
    let s = sines.base + position * half
    for i in 0..<half {
      let a = x[i]
      let b = x[i + half]
      out[i] = scale * (a * c[i] - b * s[i])
      out[i + half] = scale * (b * c[i] + a * s[i])
    }
  }

  /// dx = scale · rotate⁻¹(dy) of one head (D); not in place.
  @inline(__always)
  package borrowing func rotateBack(
    _ dy: UnsafePointer<Scalar>, position: Int, scale: Scalar,
    into dx: UnsafeMutablePointer<Scalar>
  ) {
    let c = cosines.base + position * half
    let s = sines.base + position * half
    for i in 0..<half {
      let a = dy[i]
      let b = dy[i + half]
      dx[i] = scale * (a * c[i] + b * s[i])
      dx[i + half] = scale * (b * c[i] - a * s[i])
    }
  }
}

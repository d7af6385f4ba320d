// Rotary position embedding (Su et al., 2104.09864) in Hugging Face's half-split arrangement.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// Pair i of a head is (x_i, x_{i+D/2}), rotated by the angle position · f_i, f_i = θ^(−2i/D). Some models rotate the first
// dimensions of a head only; D stands for their number here. A
// rotation is orthogonal, so its backward is the rotation by the negative angle. A factor of YaRN on
// cosines and sines multiplies both.
import RealModule

/// The angles of a rotation: everything that its tables depend on.
package struct RotaryAngles: Sendable, Hashable {
  /// D
  package let headDimension: Int
  /// The first dimensions of a head, which are rotated; the others are not.
  package let rotatedDimension: Int
  package let theta: Double
  package let scaling: RotaryScaling?

  /// - Parameter isLocal: For the layers of a sliding window, which may have a rotation of their own.
  package init(_ configuration: ModelConfiguration, isLocal: Bool = false) {
    headDimension = configuration.headDimension
    rotatedDimension = configuration.rotatedDimension ?? configuration.headDimension
    let local = isLocal ? configuration.slidingWindow?.ropeTheta : nil
    theta = local ?? configuration.ropeTheta
    scaling = local == nil ? configuration.ropeScaling : nil
  }

  /// f_i, scaled where the configuration says so.
  package var frequencies: [Double] {
    let dimension = Double(rotatedDimension)
    let frequencies = (0..<rotatedDimension / 2).map {
      Double.pow(theta, -2 * Double($0) / dimension)
    }
    return scaling?.scaled(frequencies, theta: theta, headDimension: rotatedDimension)
      ?? frequencies
  }
}

/// Cosines and sines of every position up to a capacity; angles are computed in Double.
package final class RotaryTable<Scalar: ModelScalar>: Sendable {
  private let cosines: Buffer<Scalar>  // (positions, D/2)
  private let sines: Buffer<Scalar>  // (positions, D/2)
  private let half: Int
  private let headDimension: Int
  package let positions: Int

  package init(_ angles: RotaryAngles, positions: Int) {
    half = angles.rotatedDimension / 2
    headDimension = angles.headDimension
    self.positions = positions
    cosines = Buffer(count: positions * half)
    sines = Buffer(count: positions * half)
    let frequencies = angles.frequencies
    let factor = angles.scaling?.attentionFactor ?? 1
    for position in 0..<positions {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(position) * frequency
        cosines.base[position * half + i] = Scalar(factor * Double.cos(angle))
        sines.base[position * half + i] = Scalar(factor * Double.sin(angle))
      }
    }
  }

  /// out = scale · rotate(x) of one head (D); not in place.
  @inline(__always)
  package func rotate(
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
    for i in 2 * half..<headDimension { out[i] = scale * x[i] }
  }

  /// dx = scale · rotate⁻¹(dy) of one head (D); not in place.
  @inline(__always)
  package func rotateBack(
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
    for i in 2 * half..<headDimension { dx[i] = scale * dy[i] }
  }
}

/// The tables of one worker. Each is made on first use, and again if it is too short.
package final class RotaryTables<Scalar: ModelScalar> {
  private var tables: [(angles: RotaryAngles, table: RotaryTable<Scalar>)] = []

  package init() {}

  /// A table for at least this many positions.
  package func table(_ angles: RotaryAngles, positions: Int) -> RotaryTable<Scalar> {
    let place = tables.firstIndex { $0.angles == angles }
    if let place, tables[place].table.positions >= positions { return tables[place].table }
    let known = place.map { tables[$0].table.positions } ?? 0
    let table = RotaryTable<Scalar>(angles, positions: max(positions, 2 * known))
    if let place { tables.remove(at: place) }
    tables.append((angles, table))
    return table
  }
}

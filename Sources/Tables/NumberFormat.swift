// Numbers as text, the same in every locale.
import Foundation
import Statistics

/// A number with this many decimals and a leading zero; a dash for NaN.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  value.isNaN ? "-" : String(format: "%.\(decimals)f", value)
}

/// A number with this many significant digits; a dash for NaN.
package func significant(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "-" : "\(value)" }
  if value == 0 { return "0" }
  let magnitude = abs(value)
  if magnitude >= 1e6 || magnitude < 1e-3 {
    return String(format: "%.\(max(0, digits - 1))e", value)
  }
  let decimals = max(0, digits - 1 - Int(log10(magnitude).rounded(.down)))
  return String(format: "%.\(decimals)f", value)
}

/// A note below intervals over few clusters, which are unreliable; nil if there are enough.
package func fewClustersNote(_ count: Int) -> String? {
  count < BootstrapT.fewestClusters
    ? "Intervals over \(count) cluster\(count == 1 ? "" : "s") say little (rollouts of more problems give more)"
    : nil
}

/// Bytes in GiB or MiB.
package func byteSize(_ bytes: Double) -> String {
  bytes >= 0x1p30 ? "\(fixed(bytes / 0x1p30, 1)) GiB" : "\(fixed(bytes / 0x1p20, 1)) MiB"
}

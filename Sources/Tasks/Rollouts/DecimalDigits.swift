// The value of a number's text, exactly.

/// The digits of a decimal number without zeros at either end, and the exponent of the last one.
struct DecimalDigits: Equatable {
  private var digits: [UInt8] = []
  private var exponent = 0
  private var isNegative = false

  /// - Parameter text: A number as JSON or Swift writes it.
  init(_ text: String) {
    let parts = text.utf8.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
    var fraction = 0
    var isFraction = false
    for byte in parts.first.map(Array.init) ?? [] {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): isFraction = true
      default:
        digits.append(byte)
        if isFraction { fraction += 1 }
      }
    }
    // An exponent without end is no other number's.
    let written = parts.count > 1 ? Int(String(Substring(parts[1]))) ?? Int(Int32.max) : 0
    exponent = written - fraction
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
    if digits.isEmpty { (exponent, isNegative) = (0, false) }
  }
}

// The properties of scalars that canonical normalization needs.
import Foundation

/// Decompositions, compositions and combining classes of Unicode 9, those of
/// `unicode-normalization-alignments`, which Hugging Face's tokenizers 0.23 normalize with. For
/// them, scalars of later versions are neither composed nor reordered.
///
/// The data come from Foundation, one scalar at a time. Its forms of whole texts are not used:
/// they leave 가 + U+11A8 apart, make Ạ of U+10041 + U+0323, and take quadratic time on long runs
/// of marks.
struct CompositionTable {
  static let shared = CompositionTable()

  private struct Pair: Hashable {
    let first: Unicode.Scalar
    let second: Unicode.Scalar
  }

  private static let version = 9
  /// Where Unicode 9 has scalars with canonical decompositions, Hangul syllables aside.
  private static let blocks: [ClosedRange<UInt32>] = [
    0xC0...0x1026, 0x1B06...0x1B43, 0x1E00...0x232A, 0x2ADC...0x2ADC, 0x304C...0x30FE,
    0xF900...0xFB4E, 0x1109A...0x115BB, 0x1D15E...0x1D1C0, 0x2F800...0x2FA1D,
  ]

  private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var compositions: [Pair: Unicode.Scalar] = [:]
  /// Scalars of combining class 0 that may still combine with what is before them.
  private var secondStarters = Set<Unicode.Scalar>()

  private init() {
    for scalar in Self.blocks.joined().compactMap(Unicode.Scalar.init)
    where scalar.isKnown(inVersion: Self.version) {
      let text = String(Character(scalar))
      let parts = Array(text.decomposedStringWithCanonicalMapping.unicodeScalars)
      guard parts != [scalar], let second = parts.last else { continue }
      decompositions[scalar] = parts
      // A scalar that does not occur in its own composed form is excluded from composition.
      guard Array(text.precomposedStringWithCanonicalMapping.unicodeScalars) == [scalar] else {
        continue
      }
      var head = String.UnicodeScalarView(parts.dropLast())
      if parts.count > 2 {
        head = String(head).precomposedStringWithCanonicalMapping.unicodeScalars
      }
      guard let first = head.first, head.count == 1 else { continue }
      compositions[Pair(first: first, second: second)] = scalar
      if combiningClass(second) == 0 { secondStarters.insert(second) }
    }
  }

  /// Whether the scalar is a letter of Latin-1 or Latin Extended or an ideograph that is unchanged
  /// and does not combine with its neighbours. This is a short cut for most texts.
  func isInert(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x300 || 0x3400...0x9FFF ~= scalar.value
  }

  /// The canonical combining class; 0 for scalars that combine with nothing.
  func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    if isInert(scalar) { return 0 }
    let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
    return combiningClass != 0 && scalar.isKnown(inVersion: Self.version) ? combiningClass : 0
  }

  /// Whether the scalar and the text before it do not affect each other.
  func isBoundary(_ scalar: Unicode.Scalar) -> Bool {
    if isInert(scalar) { return true }
    let value = scalar.value
    if Hangul.vowels.contains(value) || Hangul.trails.contains(value) { return false }
    // Some marks of class 0 decompose into marks of other classes.
    let first = decompositions[scalar]?.first ?? scalar
    return combiningClass(first) == 0 && !secondStarters.contains(first)
  }

  /// Appends the canonical decomposition.
  func decompose(_ scalar: Unicode.Scalar, into scalars: inout [Unicode.Scalar]) {
    if let syllable = Hangul.decomposition(of: scalar) {
      scalars.append(contentsOf: syllable)
    } else if let parts = decompositions[scalar] {
      scalars.append(contentsOf: parts)
    } else {
      scalars.append(scalar)
    }
  }

  /// The primary composite of two scalars.
  func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    Hangul.composition(first, second) ?? compositions[Pair(first: first, second: second)]
  }
}

/// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
private enum Hangul {
  static let leads: Range<UInt32> = 0x1100..<0x1113
  static let vowels: Range<UInt32> = 0x1161..<0x1176
  static let trails: Range<UInt32> = 0x11A8..<0x11C3
  static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  /// Syllables with the same lead, and with the same lead and vowel.
  static let (perLead, perVowel): (UInt32, UInt32) = (21 * 28, 28)

  static func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard syllables.contains(scalar.value) else { return nil }
    let index = scalar.value - syllables.lowerBound
    let trail = index % perVowel
    let parts = [
      leads.lowerBound + index / perLead, vowels.lowerBound + index % perLead / perVowel,
      trails.lowerBound + trail &- 1,
    ]
    return parts.prefix(trail == 0 ? 2 : 3).compactMap(Unicode.Scalar.init)
  }

  static func composition(
    _ first: Unicode.Scalar, _ second: Unicode.Scalar
  ) -> Unicode.Scalar? {
    if leads.contains(first.value), vowels.contains(second.value) {
      let (lead, vowel) = (first.value - leads.lowerBound, second.value - vowels.lowerBound)
      return Unicode.Scalar(syllables.lowerBound + lead * perLead + vowel * perVowel)
    }
    guard syllables.contains(first.value), trails.contains(second.value),
      (first.value - syllables.lowerBound) % perVowel == 0
    else { return nil }
    return Unicode.Scalar(first.value + second.value - trails.lowerBound + 1)
  }
}

// The members of a JSON object, in order, found by the bytes of their keys.

/// An ordered list of members whose keys differ in their UTF-8 bytes.
///
/// A few members are searched one by one; many are found through a hash table, so that a
/// vocabulary of 150,000 tokens is read and searched in linear time.
public struct JSONObject: Sendable {
  /// The members in the order in which they were read or added.
  public private(set) var members: [(key: String, value: JSON)] = []

  /// Open addressing with linear probing, at most half full: a member's index plus one, or 0.
  /// Empty while there are no more than `linearLimit` members.
  private var table: [UInt32] = []

  private static let linearLimit = 8

  /// An object without members.
  public init() {}

  /// The members as written; traps when a key is written twice.
  public init(_ members: KeyValuePairs<String, JSON>) {
    self.init(members.map { ($0.key, $0.value) })
  }

  init(_ members: [(String, JSON)]) {
    for (key, value) in members {
      precondition(append(key, value), "the key \(key) is written twice")
    }
  }

  /// The number of members.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key, or nil when there is none. Setting replaces the value, adds a member at
  /// the end, or with nil removes the member.
  ///
  /// - Complexity: O(1) on average, O(`count`) for a removal.
  public subscript(key: String) -> JSON? {
    get { index(of: key).map { members[$0].value } }
    set {
      switch (index(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (nil, let value?): append(key, value)
      case (let index?, nil):
        members.remove(at: index)
        rebuildTable()
      case (nil, nil): break
      }
    }
  }

  /// Adds a member at the end unless the key is there already; tells whether it was added.
  @discardableResult
  mutating func append(_ key: String, _ value: JSON) -> Bool {
    if members.count < Self.linearLimit {
      guard index(of: key) == nil else { return false }
      members.append((key, value))
      return true
    }
    if (members.count + 1) * 2 > table.count { rebuildTable() }
    let slot = slot(of: key)
    guard table[slot] == 0 else { return false }
    members.append((key, value))
    table[slot] = UInt32(members.count)
    return true
  }

  private func index(of key: String) -> Int? {
    guard table.isEmpty else {
      let entry = table[slot(of: key)]
      return entry == 0 ? nil : Int(entry) - 1
    }
    return members.firstIndex { $0.key.hasSameBytes(as: key) }
  }

  /// The slot that holds the key, or the empty one where it belongs.
  private func slot(of key: String) -> Int {
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: key.byteHash) & mask
    while table[slot] != 0, !members[Int(table[slot]) - 1].key.hasSameBytes(as: key) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  /// Gives the table four slots per member, rounded up to a power of two, so that it is rebuilt
  /// only after the number of members has doubled.
  private mutating func rebuildTable() {
    table = []
    guard members.count >= Self.linearLimit else { return }
    let bits = Int.bitWidth - (members.count * 4 - 1).leadingZeroBitCount
    table = [UInt32](repeating: 0, count: 1 << bits)
    for (index, member) in members.enumerated() {
      table[slot(of: member.key)] = UInt32(index + 1)
    }
  }
}

extension JSONObject: Equatable {
  /// Whether both have the same members, in any order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Traps when a key is written twice.
  public init(dictionaryLiteral members: (String, JSON)...) {
    self.init(members)
  }
}

/// Random, so that a malicious file cannot choose keys that collide. Output does not depend on it.
private let hashSeed = UInt64.random(in: .min ... .max)

extension String {
  /// A seeded hash of the UTF-8 bytes, eight at a time: the folded 128-bit product of wyhash.
  fileprivate var byteHash: UInt64 {
    var hash = hashSeed
    var word: UInt64 = 0
    var filled = 0
    for byte in utf8 {
      word = word << 8 | UInt64(byte)
      filled += 1
      if filled % 8 == 0 {
        hash = fold(hash ^ word, 0x9E37_79B9_7F4A_7C15)
        word = 0
      }
    }
    // The count tells "a" from "\0a".
    hash = fold(hash ^ word, 0xA076_1D64_78BD_642F)
    return fold(hash ^ UInt64(filled), 0xE703_7ED1_A0B4_28DB)
  }
}

private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.low ^ product.high
}

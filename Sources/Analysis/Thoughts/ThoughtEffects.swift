// Whether reflections and transitions change anything.
import Tasks

/// What the thoughts of each kind did to the answer: of those that had an answer before them, how many
/// changed it, and how many of these from wrong to right and from right to wrong.
///
/// In text, the answer before a thought is the last one stated before it by the verifier's rules, and
/// that behind it the last one stated before the next thought of any counted kind; a thought that states
/// none leaves it. Kang et al. (arXiv 2510.08308) find that over 90% of the reflections of eight
/// reasoning models only confirm an answer; their answers were extracted by a language model and not by
/// marks.
///
/// On the embedded task every attempt is a stated answer, and its truth is known: of a transition,
/// whether the attempt reaches the target, and of a reflection, whether all that it writes is right. A
/// change is a change of that.
public struct ThoughtEffects: Sendable {
  /// One kind.
  public struct Kind: Sendable {
    /// The kind's name.
    public let name: String
    /// Its thoughts, those without an answer before them included.
    public internal(set) var count = 0
    /// Of those with an answer before them, those that changed it.
    public internal(set) var changed = ClusteredShare()
    /// Of those whose answers can be verified, those that turned a wrong one into the right one.
    public internal(set) var wrongToRight = ClusteredShare()
    /// Of the same, those that turned the right one into a wrong one.
    public internal(set) var rightToWrong = ClusteredShare()
  }

  /// The kinds of the lexicon but the default one.
  public private(set) var kinds: [Kind]

  /// Whether any thought had an answer before it.
  public var isEmpty: Bool { kinds.allSatisfy { $0.changed.total == 0 } }

  /// Nothing counted yet.
  public init(_ lexicon: ThoughtLexicon) {
    kinds = lexicon.kindNames.dropLast().map { Kind(name: $0) }
  }

  /// Counts a response of text.
  ///
  /// - Parameters:
  ///   - thoughts: of the response, in order.
  ///   - bytes: the response in UTF-8.
  ///   - reference: the right answer, where it is known.
  public mutating func add(
    _ thoughts: [Thought], of bytes: [UInt8], reference: String?, cluster: Int
  ) {
    let counted = thoughts.filter { $0.kind < kinds.count }
    if counted.isEmpty { return }
    func answer(_ range: Range<Int>) -> StatedAnswer? {
      StatedAnswer(lastIn: String(decoding: bytes[range], as: UTF8.self))
    }
    func isRight(_ answer: StatedAnswer) -> Bool? { reference.map { answer.equals($0) } }

    var tallies = [Tally](repeating: Tally(), count: kinds.count)
    var current = answer(0..<counted[0].range.lowerBound)
    for (place, thought) in counted.enumerated() {
      let end = place + 1 < counted.count ? counted[place + 1].range.lowerBound : bytes.count
      let stated = answer(thought.range.lowerBound..<end)
      kinds[thought.kind].count += 1
      if let before = current {
        let changed = stated.map { !$0.equals(before) } ?? false
        let truth = isRight(before)
        let truthAfter = changed ? stated.flatMap(isRight) : truth
        tallies[thought.kind].add(changed: changed, from: truth, to: truthAfter)
      }
      current = stated ?? current
    }
    add(tallies, cluster)
  }

  /// Counts the moves of a Countdown response: kinds `reflection` and `transition`.
  public mutating func add(_ moves: [CountdownMove], cluster: Int) {
    var tallies = [Tally](repeating: Tally(), count: kinds.count)
    for (place, kind) in kinds.enumerated() {
      for move in moves where kind.name == (move.isTransition ? "transition" : "reflection") {
        kinds[place].count += 1
        tallies[place].add(
          changed: move.effect != .none, from: move.effect == .rightToWrong,
          to: move.effect == .wrongToRight)
      }
    }
    add(tallies, cluster)
  }

  private mutating func add(_ tallies: [Tally], _ cluster: Int) {
    for (place, tally) in tallies.enumerated() {
      kinds[place].changed.add(tally.changed, of: tally.total, cluster: cluster)
      kinds[place].wrongToRight.add(tally.wrongToRight, of: tally.verified, cluster: cluster)
      kinds[place].rightToWrong.add(tally.rightToWrong, of: tally.verified, cluster: cluster)
    }
  }

  /// The counts of one response and kind.
  private struct Tally {
    var (total, changed, verified, wrongToRight, rightToWrong) = (0, 0, 0, 0, 0)

    mutating func add(changed isChanged: Bool, from before: Bool?, to after: Bool?) {
      total += 1
      changed += isChanged ? 1 : 0
      guard let before, let after else { return }
      verified += 1
      wrongToRight += !before && after ? 1 : 0
      rightToWrong += before && !after ? 1 : 0
    }
  }
}

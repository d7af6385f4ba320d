// The verifier of the dialogue task.

/// What the tokens of a dialogue, real or imagined, are worth.
public struct DeskVerdict: Sendable, Hashable {
  /// The turns before the first fault; nil if the fault is in the system turn or the opening.
  public let transcript: DeskTranscript?
  /// The first fault; nil for a complete dialogue of the task.
  public let fault: DeskFault?

  /// Judges tokens. It reads any token ids without a crash.
  ///
  /// Tokens do not show who wrote them. A turn of the user that the assistant forged, well-formed and
  /// with its role, is a fault only to `DeskDialogue`, which knows whose tokens it was given.
  public init(tokens: [Int32], patience: Int = DeskTranscript.standardPatience) {
    (transcript, fault) = DeskTranscript.reading(tokens, patience: patience)
  }

  /// The total of a score: that of the turns, and `DeskScore.ofFault` if the assistant's turn is at
  /// fault. nil if anything else is, for which the assistant is not to blame.
  public func total(_ score: DeskScore) -> Double? {
    guard let transcript, fault == nil || fault?.author == .assistant else { return nil }
    return score.total(transcript) + (fault == nil ? 0 : DeskScore.ofFault)
  }

  /// The reward of the dialogue.
  public var reward: Double? { total(.reward) }
}

// Lexicons with published rules, for tests of this room.
import Analysis

enum Lexicons {
  static let reflections = [
    "verify", "make sure", "hold on", "think again", "'s correct", "'s incorrect", "let me check",
    "seems right",
  ]
  static let transitions = [
    "think differently", "another way", "another approach", "another method", "another solution",
    "another strategy", "another technique",
  ]

  static let seal = ThoughtLexicon(
    name: "seal", version: "1", scope: .thinking,
    kinds: [
      .init(name: "reflection", startsWith: ["Wait"], contains: reflections),
      .init(name: "transition", startsWith: ["Alternatively"], contains: transitions),
    ])

  static let easySteer = ThoughtLexicon(
    name: "easysteer", version: "1",
    kinds: [
      .init(name: "transition", contains: ["alternatively"] + transitions),
      .init(name: "reflection", contains: ["wait"] + reflections),
    ])

  static let countdown = ThoughtLexicon(
    name: "countdown", version: "1",
    boundary: .words(["First", "Alternatively", "Wait", "Answer"]),
    kinds: [
      .init(name: "reflection", startsWith: ["Wait"]),
      .init(name: "transition", startsWith: ["Alternatively"]),
    ])
}

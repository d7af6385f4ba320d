import Tasks
import Testing

@Suite struct CountdownMovesTests {
  let problem = CountdownProblem(numbers: [11, 3, 5], target: 13)
  let miss = "11 + 3 = 14 . Then 14 - 5 = 9 no ."
  let falseHit = "11 + 3 = 14 . Then 14 - 5 = 13 yes ."
  let slip = "11 + 3 = 12 . Then 12 - 5 = 7 no ."
  let hit = "11 + 5 = 16 . Then 16 - 3 = 13 yes ."

  private func moves(_ text: String) throws -> CountdownMoves {
    CountdownMoves(try #require(countdownTokens(text)), of: problem)
  }

  @Test func aPlainSolutionHasNoMoves() throws {
    let moves = try moves("Target 13 . First \(hit) Answer 11 + 5 - 3 <eos>")
    #expect(moves.responses == 1 && moves.tokens == 25 && moves.ended == 1)
    #expect(moves.transitions == 0 && moves.reflections == 0)
    #expect(moves.steps == 2 && moves.falseSteps == 0)
  }

  @Test func aTransitionToTheTargetIsToldFromOthers() throws {
    let there = try moves("Target 13 . First \(miss) Alternatively , \(hit)")
    #expect(there.transitions == 1 && there.transitionsToTarget == 1)
    #expect(there.transitionsFromTarget == 0 && there.ended == 0)
    let back = try moves("First \(hit) Alternatively , \(miss)")
    #expect(back.transitionsToTarget == 0 && back.transitionsFromTarget == 1)
    let nowhere = try moves("First \(miss) Alternatively , \(miss)")
    #expect(nowhere.transitions == 1)
    #expect(nowhere.transitionsToTarget == 0 && nowhere.transitionsFromTarget == 0)
  }

  /// What counts is the expression, not what was computed: a false hit does not reach the target,
  /// nor does a true sum of other numbers.
  @Test func claimsDoNotReachTheTarget() throws {
    let claimed = try moves("First \(miss) Alternatively , \(falseHit)")
    #expect(claimed.transitionsToTarget == 0)
    let others = try moves(
      "First \(miss) Alternatively , 10 + 2 = 12 . Then 12 + 1 = 13 yes .")
    #expect(others.transitionsToTarget == 0 && others.falseSteps == 0)
  }

  @Test func aReflectionRepairsFalseStepsAndFalseVerdicts() throws {
    #expect(try moves("First \(falseHit) Wait , \(miss)").repairs == 1)
    #expect(try moves("First \(slip) Wait , \(miss)").repairs == 1)
    let wrongVerdict = "11 + 5 = 16 . Then 16 - 3 = 13 no ."
    #expect(try moves("First \(wrongVerdict) Wait , \(hit)").repairs == 1)
    let uncarried = "11 + 3 = 14 . Then 12 - 5 = 7 no ."
    #expect(try moves("First \(uncarried) Wait , \(miss)").repairs == 1)
    // The same sum in another order is still the same sum.
    #expect(
      try moves("First \(slip) Wait , 3 - 5 = 0 . Then 0 + 11 = 11 no .").repairs == 0)
    #expect(
      try moves("First \(slip) Wait , 3 + 11 = 14 . Then 14 - 5 = 9 no .").repairs == 1)
  }

  @Test func aReflectionWithoutEffectIsNotARepair() throws {
    let idle = try moves("First \(hit) Wait , \(hit)")
    #expect(idle.reflections == 1 && idle.repairs == 0 && idle.breakages == 0)
    let broken = try moves("First \(miss) Wait , \(slip)")
    #expect(broken.repairs == 0 && broken.breakages == 1)
    let other = try moves("First \(slip) Wait , \(hit)")  // another sum: nothing was recomputed
    #expect(other.reflections == 1 && other.repairs == 0)
    let unread = try moves("First \(slip) Wait Wait , \(miss)")
    #expect(unread.reflections == 2 && unread.repairs == 0)
  }

  @Test func falseStepsAreCountedWhereverTheyStand() throws {
    let slipped = try moves("First \(slip)")
    #expect(slipped.steps == 2 && slipped.falseSteps == 1)
    #expect(slipped.falseStepShare == 0.5)
    let loose = try moves("no 1 - 2 = 0 Wait 36 + 1 = 36 3 = 3 + = 3")
    #expect(loose.steps == 2 && loose.falseSteps == 2)
  }

  @Test func countsAddUp() throws {
    let texts = [
      "Target 13 . First \(falseHit) Wait , \(miss) Alternatively , \(hit) Answer 11 + 5 - 3 <eos>",
      "First \(hit) Alternatively , \(slip) Wait , \(slip)", "First \(miss) Wait , \(slip)",
    ]
    var total = CountdownMoves()
    var sum = CountdownMoves()
    for text in texts {
      total.add(try #require(countdownTokens(text)), of: problem)
      sum = sum + (try moves(text))
    }
    #expect(total == sum)
    #expect(total.responses == 3 && total.ended == 1)
    #expect(total.transitions == 2 && total.reflections == 3)
    #expect(total.transitionsToTarget == 1 && total.transitionsFromTarget == 1)
    #expect(total.repairs == 1 && total.breakages == 1)
  }
}

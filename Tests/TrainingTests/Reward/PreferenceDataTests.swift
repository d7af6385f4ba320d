import ModelCore
import Tasks
import TestSupport
import Testing
import Training

/// Ties, label noise and the order of the pairs of training.
@Suite struct PreferenceDataTests {
  private static func data(
    _ members: String, _ training: [PreferencePair] = randomPairs(200),
    heldOut: [PreferencePair] = randomPairs(20, label: 4)
  ) throws -> PreferenceData {
    try PreferenceData(
      rewardConfiguration("\"steps\": 9, " + members), training: training, heldOut: heldOut,
      files: ["pairs.jsonl"])
  }

  @Test func tiesAreLeftOutOrKept() throws {
    let dropped = try Self.data(#""ties": "drop""#)
    #expect(dropped.training == randomPairs(200).filter { !$0.isTie })
    #expect(dropped.tieCount == 40 && dropped.flippedCount == 0)
    let kept = try Self.data(#""ties": "half""#)
    #expect(kept.training == randomPairs(200) && kept.tieCount == 40)
    for data in [dropped, kept] { #expect(data.heldOut.count == 16) }
  }

  /// A flip depends on the seed and the pair's place, and ties have nothing to flip.
  @Test func labelNoiseFlipsPairsForTheWholeRun() throws {
    let clean = randomPairs(200).filter { !$0.isTie }
    let noisy = try Self.data(#""label_noise": 0.25"#)
    let flips = zip(clean, noisy.training).map { $0 != $1 }
    for (pair, (found, isFlipped)) in zip(clean, zip(noisy.training, flips)) {
      #expect(found == (isFlipped ? pair.flipped : pair))
    }
    #expect(noisy.flippedCount == flips.count(where: \.self))
    // 160 draws with probability ¼: a mean of 40 with a deviation of 5.5.
    #expect((20...60).contains(noisy.flippedCount))
    #expect(noisy.heldOut == randomPairs(20, label: 4).filter { !$0.isTie })
    let kept = try Self.data(#""label_noise": 0.25, "ties": "half""#)
    #expect(kept.training.filter { !$0.isTie } == noisy.training)
    #expect(try Self.data(#""label_noise": 0.25, "seed": 1"#).training != noisy.training)
    #expect(try Self.data(#""label_noise": 1"#).training == clean.map(\.flipped))
  }

  /// Every pair occurs once an epoch, in a new order, however large the steps are.
  @Test func epochsAreWholeAndShuffled() throws {
    let data = try Self.data("\"seed\": 2")
    let count = data.training.count
    let steps = (1...5).flatMap { data.pairs(ofStep: $0, count: 64) }
    let epochs = [steps[..<count], steps[count..<2 * count]]
    for epoch in epochs { #expect(Set(epoch) == Set(data.training)) }
    #expect(Array(epochs[0]) != Array(epochs[1]))
    #expect(steps == (1...10).flatMap { data.pairs(ofStep: $0, count: 32) })
    #expect(Set(data.pairs(ofStep: 1, count: 3 * count)) == Set(data.training))
  }

  @Test func nothingToLearnFromIsAnError() throws {
    let ties = randomPairs(200).filter(\.isTie)
    let training = #expect(throws: TaskFileError.self) { _ = try Self.data("\"seed\": 0", ties) }
    #expect(
      training?.description
        == "pairs.jsonl: no pairs but ties (expected one with a better response)")
    #expect(throws: TaskFileError.self) { _ = try Self.data("\"seed\": 0", heldOut: ties) }
  }

  @Test func templatesAreReadFromTheFolder() throws {
    try withTemporaryDirectory { folder in
      #expect(try RewardTemplate(directory: folder, family: .gpt2) == .dialogue)
      #expect(try RewardTemplate(directory: folder, family: .qwen2) == .joined)
      for template in RewardTemplate.allCases {
        try template.save(directory: folder)
        #expect(try RewardTemplate(directory: folder, family: .gpt2) == template)
      }
    }
  }
}

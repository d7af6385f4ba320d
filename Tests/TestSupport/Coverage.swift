// Counting how often intervals contain the truth.
import KeyedRandom
import Statistics

/// The share of `trials` whose interval contains the truth; each trial gets a stream of its own.
public func coverage(
  of truth: Double, trials: Int, seed: UInt64, _ trial: (RandomKey) -> Interval
) -> Double {
  var hits = 0
  for index in 0..<trials {
    let interval = trial(RandomKey(seed: seed).derive(UInt64(index)))
    if interval.low <= truth, truth <= interval.high { hits += 1 }
  }
  return Double(hits) / Double(trials)
}

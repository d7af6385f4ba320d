// The mixture of clerks of the corpus.

extension DeskCorpus {
  /// The clerks and their shares of the dialogues. The clerk of a dialogue is drawn without regard to
  /// the user.
  public struct Settings: Sendable, Hashable {
    /// A clerk with its weight in the mixture.
    public struct Share: Sendable, Hashable {
      public var weight: Double
      public var clerk: DeskClerk

      public init(_ weight: Double, _ clerk: DeskClerk) {
        self.weight = weight
        self.clerk = clerk
      }
    }

    public var clerks: [Share]

    /// Three clerks, each with 6% slips. A careful one asks and reads the stock (15% of dialogues), a
    /// hasty one hardly asks (10%), and a pleaser offers what fits the user's words, in stock or not
    /// (75%).
    ///
    /// Of these dialogues, 21.0% end in a hallucination and 55% in `great`. Their mean reward is .118,
    /// and the entropy of the user's turns is 1.442 nats a turn (400,000 documents).
    public init() {
      let careful = DeskClerk(
        asks: 0.7, readsStock: true, obeysNote: 0.3, givesFree: 0.05, apologizes: 0.8, slips: 0.06)
      var hasty = careful
      hasty.asks = 0.15
      var pleaser = careful
      pleaser.asks = 0.55
      pleaser.readsStock = false
      clerks = [Share(0.15, careful), Share(0.1, hasty), Share(0.75, pleaser)]
    }

    /// A mixture of these clerks.
    public init(_ clerks: [Share]) {
      self.clerks = clerks
    }
  }
}

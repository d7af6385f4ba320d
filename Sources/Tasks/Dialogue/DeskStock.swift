// The items in stock, which the system turn lists.
import KeyedRandom

/// Four different items. The stock is the cluster of a dialogue: intervals resample stocks, and
/// held-out dialogues have stocks that no document of training has.
public struct DeskStock: Sendable, Hashable, CustomStringConvertible {
  /// Which stocks a dialogue is drawn from.
  public enum Split: String, Sendable, CaseIterable {
    /// The stocks of the corpus and of training.
    case train
    /// The stocks kept for evaluation.
    case heldOut = "held-out"
  }

  /// The items, ascending.
  public let items: [DeskItem]

  /// A stock of these items in any order; programmer error unless they are four different ones.
  public init(_ items: [DeskItem]) {
    precondition(
      items.count == Self.size && Set(items).count == Self.size, "a stock has four different items")
    self.items = items.sorted()
  }

  /// The number of items in stock.
  public static let size = 4

  /// Whether an item is in stock.
  public func contains(_ item: DeskItem) -> Bool { items.contains(item) }

  /// The name of the cluster: the items' words, joined by commas.
  public var description: String { items.map(\.description).joined(separator: ",") }

  // MARK: - All stocks and their splits

  /// The 495 stocks, in lexicographic order.
  public static let all: [DeskStock] = {
    var chosen: [[DeskItem]] = [[]]
    for _ in 0..<size {
      chosen = chosen.flatMap { items in
        DeskItem.all.filter { item in items.allSatisfy { $0 < item } }.map { items + [$0] }
      }
    }
    return chosen.map { DeskStock($0) }
  }()

  /// The stocks of a split: 445 of training and 50 held out. The split is fixed.
  public static func stocks(_ split: Split) -> [DeskStock] {
    split == .train ? divided.training : divided.heldOut
  }

  /// A stock of a split, uniform. Equal keys draw equal stocks.
  public static func sample(_ split: Split, key: RandomKey) -> DeskStock {
    var generator = key.generator()
    let stocks = stocks(split)
    return stocks[generator.uniform(below: stocks.count)]
  }

  /// The split this stock belongs to.
  public var split: Split { Self.heldOut.contains(self) ? .heldOut : .train }

  private static let divided: ClusterSplit<DeskStock> = {
    guard let split = ClusterSplit(all, share: 0.1, cluster: \.description) else {
      preconditionFailure("there are several stocks")
    }
    return split
  }()

  private static let heldOut = Set(divided.heldOut)
}

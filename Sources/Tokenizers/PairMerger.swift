// Merges adjacent tokens of one word, with a linked list of tokens and a heap of candidate pairs.

/// The work space of `BytePairEncoding`, used for one word after another.
struct PairMerger {
  /// A node of the list; `next` is -1 at the end, `token` is -1 if the node was merged into
  /// another.
  private struct Node {
    var token: Int32
    var previous: Int
    var next: Int
  }

  /// A candidate pair when it was found: the index of its left token.
  private struct Candidate {
    let merge: BytePairEncoding.Merge
    let place: Int

    /// The lower rank goes first; of equals, the one further left.
    static func < (a: Candidate, b: Candidate) -> Bool {
      (a.merge.rank, a.place) < (b.merge.rank, b.place)
    }
  }

  private var nodes: [Node] = []
  private var heap: [Candidate] = []

  mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
  }

  /// Adds a token at the end.
  mutating func append(_ token: Int32) {
    if !nodes.isEmpty { nodes[nodes.count - 1].next = nodes.count }
    nodes.append(Node(token: token, previous: nodes.count - 1, next: -1))
  }

  /// Appends the tokens that are left, in order.
  func append(to tokens: inout [Int32]) {
    var place = nodes.isEmpty ? -1 : 0
    while place >= 0 {
      tokens.append(nodes[place].token)
      place = nodes[place].next
    }
  }

  /// Merges until no pair is left.
  ///
  /// - Complexity: O(n log n) in the number of tokens: each merge adds two candidates at most.
  mutating func merge(by merges: [UInt64: BytePairEncoding.Merge]) {
    guard nodes.count > 1 else { return }
    for place in 0..<nodes.count - 1 { addCandidate(at: place, merges) }
    while let candidate = popCandidate() {
      let place = candidate.place
      let next = nodes[place].next
      // The pair may no longer exist. As in Hugging Face's, another pair at the same index that
      // merges to the same token is merged instead.
      guard nodes[place].token >= 0, next >= 0,
        let merge = merges[BytePairEncoding.pair(nodes[place].token, nodes[next].token)],
        merge.token == candidate.merge.token
      else { continue }
      let afterNext = nodes[next].next
      nodes[place].token = merge.token
      nodes[place].next = afterNext
      nodes[next].token = -1
      if nodes[place].previous >= 0 { addCandidate(at: nodes[place].previous, merges) }
      if afterNext >= 0 {
        nodes[afterNext].previous = place
        addCandidate(at: place, merges)
      }
    }
  }

  private mutating func addCandidate(at place: Int, _ merges: [UInt64: BytePairEncoding.Merge]) {
    let pair = BytePairEncoding.pair(nodes[place].token, nodes[nodes[place].next].token)
    guard let merge = merges[pair] else { return }
    let candidate = Candidate(merge: merge, place: place)
    var index = heap.count
    heap.append(candidate)
    while index > 0, candidate < heap[(index - 1) / 2] {
      heap[index] = heap[(index - 1) / 2]
      index = (index - 1) / 2
    }
    heap[index] = candidate
  }

  private mutating func popCandidate() -> Candidate? {
    guard let top = heap.first, let moved = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    var index = 0
    while case let left = 2 * index + 1, left < heap.count {
      let right = left + 1
      let child = right < heap.count && heap[right] < heap[left] ? right : left
      guard heap[child] < moved else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = moved
    return top
  }
}

// The operations that a family is composed of. Each is one file with its forward, backward and
// tangent.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// A layer is a list of branches x' = x + o_n(… o_2(o_1(x))), and a branch a list of operations. The
// passes (Forward, Backward, Tangent, Decoder) iterate over that list and name no operation. To add
// an operation, write a type like those in this folder and kernels for it in Backend/; to add a
// family, see Families/Family.swift.

/// A parameter as an operation refers to it.
package struct Weight: Sendable, Hashable {
  /// Index into the layout's `parameters`.
  package let index: Int
  /// Offset in the allocation.
  package let offset: Int
  package let count: Int
}

/// A function of rows, y (R, N) of x (R, K), with the gradients of its parameters and its input.
///
/// Every method is called once per matrix, through an existential. `@specialized` on each makes
/// that call run code for the scalar type. Without it the call would run unspecialised generic
/// code, about twenty times slower.
protocol Operation: Sendable {
  /// K
  var inputWidth: Int { get }
  /// N
  var outputWidth: Int { get }
  /// Whether y stays in memory from the forward to the backward pass. Otherwise `restore`
  /// recomputes it from x, which is worthwhile if y is cheap to compute.
  var keepsOutput: Bool { get }
  /// Scalars per row that the forward stores for the backward, in addition to y.
  var notesPerRow: Int { get }
  /// Scalars per position of a row's decoding cache.
  var cachePerPosition: Int { get }
  /// Scalars of working memory in any direction, for sequences of at most `longest` rows.
  func scratchCount(longest: Int) -> Int
  /// The same for each row of the batch, in addition.
  var scratchPerRow: Int { get }

  /// y = beta · y + o(x). The last operation of a branch adds to the residual stream (beta 1).
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>)

  /// Recomputes y before the backward of the branch. Called for operations that do not keep y. An
  /// operation whose `backward` recomputes y itself does nothing here.
  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>)

  /// dx = beta · dx + the gradient of x from dy. The first operation of a branch adds (beta 1).
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>)

  /// Hands over the parameter gradients that need x and dy. At this point x has been restored.
  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>)

  /// ẏ = beta · ẏ + the tangent of y from ẋ along a direction of the parameters; x and y are in place.
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>)

  /// The forward of one new position of each row, with the cached values of earlier positions.
  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>)

  /// After `forward` of one sequence: caches its positions in a row of the cache.
  func remember<Scalar: ModelScalar>(
    _ site: Site<Scalar>, cache: DecodingCache<Scalar>, row: Int)
}

extension Operation {
  var notesPerRow: Int { 0 }
  var cachePerPosition: Int { 0 }
  func scratchCount(longest: Int) -> Int { 0 }
  var scratchPerRow: Int { 0 }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) { forward(site) }

  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {}

  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>) {
    forward(site)
  }

  func remember<Scalar: ModelScalar>(
    _ site: Site<Scalar>, cache: DecodingCache<Scalar>, row: Int
  ) {}
}

/// The data of one operation of a branch during one pass.
struct Site<Scalar: ModelScalar> {
  /// All parameters, in the order of the layout.
  let parameters: ParameterView<Scalar>
  /// Positions, sequences and sides of the rows.
  let rows: BatchRows
  let tables: RotaryTables<Scalar>
  let input: Matrix<Scalar>  // x (R, K)
  let output: Matrix<Scalar>  // y (R, N)
  /// The factor of the old y before the result is added: 0 or 1.
  let beta: Scalar
  /// (R · notesPerRow)
  let notes: UnsafeMutablePointer<Scalar>
  /// Working memory shared by all operations; its contents do not survive a call. (scratchCount)
  let scratch: UnsafeMutablePointer<Scalar>
}

/// Gradients (dx, dy) or tangents (ẋ, ẏ) of a site's input and output.
struct Derivative<Scalar: ModelScalar> {
  let input: Matrix<Scalar>  // (R, K)
  let output: Matrix<Scalar>  // (R, N)
  /// The factor of the old output (dx or ẏ) before the result is added: 0 or 1.
  let beta: Scalar
}

/// The positions, sequences and sides of the rows of a pass.
final class BatchRows {
  /// The position of each row in its own sequence. (R)
  var positions: [Int32]
  /// The rows of each sequence.
  let sequences: [Range<Int>]
  /// The rows of each side. Gradients of different sides are kept separate.
  let sides: [Range<Int>]
  /// The number of positions that tables must have.
  let positionCount: Int
  /// Whether a row takes part in a decoding step. (B)
  var active: [Bool] = []

  init(positions: [Int32], sequences: [Range<Int>], sides: [Range<Int>], positionCount: Int) {
    self.positions = positions
    self.sequences = sequences
    self.sides = sides
    self.positionCount = positionCount
  }
}

/// The cached values of earlier positions, for an operation's `step`.
struct DecodingCache<Scalar: ModelScalar> {
  /// (B, cachePerPosition · capacity)
  let base: UnsafeMutablePointer<Scalar>
  /// Positions of each row.
  let capacity: Int
}

/// An embedding, which starts the residual stream: one row of a table for each row of the batch.
protocol InputOperation: Sendable {
  /// The table whose rows it looks up.
  var table: Weight { get }

  /// x = rows of the table, or x += them if `adds`. Linear in the parameters: applied to a
  /// direction it gives the tangent.
  func forward<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>, tokens: [Int32], positions: [Int32],
    into x: Matrix<Scalar>, adds: Bool)

  func backward<Scalar: ModelScalar>(
    tokens: [Int32], positions: [Int32], _ dx: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>)
}

// The pieces that a family composes: one file an operation, all its directions side by side.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// A layer is a list of branches x' = x + o_n(… o_2(o_1(x))), and a branch a list of operations. The
// passes (Forward, Backward, Tangent, Decoder) walk that list and know no operation by name. To add an
// operation, write a type like those in this folder and kernels for it in Backend/; to add a family,
// see Families/Family.swift.

/// A parameter as an operation refers to it.
package struct Weight: Sendable, Hashable {
  /// Index into the layout's `parameters`.
  package let index: Int
  /// Place in the allocation.
  package let offset: Int
  package let count: Int
}

extension UnsafeMutablePointer where Pointee: ModelScalar {
  /// Row 0 of a parameter in a buffer over the layout.
  @inline(__always)
  subscript(_ weight: Weight) -> UnsafeMutablePointer { self + weight.offset }

  /// A parameter as a matrix; with fused layers, also those that lie behind it.
  func matrix(_ weight: Weight, rows: Int, columns: Int) -> Matrix<Pointee> {
    Matrix(self[weight], rows: rows, columns: columns)
  }
}

/// A function of rows: y (R, N) of x (R, K), with what its parameters and its input get back.
///
/// Every method is called once a matrix, through an existential; `@specialized` on each leads from
/// there to the code of the scalar type. Without it the call would run unspecialised generic code,
/// some twenty times slower.
protocol Operation: Sendable {
  /// K
  var inputWidth: Int { get }
  /// N
  var outputWidth: Int { get }
  /// Whether y stays in memory from the forward to the backward pass. Otherwise `restore` makes it
  /// again from x: worth it where y is cheap to compute.
  var keepsOutput: Bool { get }
  /// Scalars a row that the forward leaves for the backward beside y.
  var notesPerRow: Int { get }
  /// Scalars a position of a row's decoding cache.
  var cachePerPosition: Int { get }
  /// Scalars of working memory in any direction, for sequences of at most `longest` rows.
  func scratchCount(longest: Int) -> Int

  /// y = beta · y + o(x). The last operation of a branch adds to the residual stream (beta 1).
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>)

  /// Makes y again before the backward goes through the branch; asked of operations that do not keep
  /// it. One whose `backward` leaves y behind anyway does nothing here.
  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>)

  /// dx = beta · dx + the gradient of x from dy. The first operation of a branch adds (beta 1).
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>)

  /// Hands over parameter gradients that need x and dy; by now x is in its place again.
  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>)

  /// ẏ = beta · ẏ + the tangent of y from ẋ along a direction of the parameters; x and y are in place.
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: UnsafeMutablePointer<Scalar>)

  /// The forward of one new position of each row, with what earlier positions left in the cache.
  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>)
}

extension Operation {
  var notesPerRow: Int { 0 }
  var cachePerPosition: Int { 0 }
  func scratchCount(longest: Int) -> Int { 0 }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) { forward(site) }

  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {}

  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>) {
    forward(site)
  }
}

/// What an operation works on: one place of a branch during one pass.
struct Site<Scalar: ModelScalar> {
  /// All parameters, in the order of the layout.
  let parameters: UnsafeMutablePointer<Scalar>
  /// Positions, sequences and sides of the rows.
  let rows: BatchRows
  let tables: RotaryTables<Scalar>
  let input: Matrix<Scalar>  // x (R, K)
  let output: Matrix<Scalar>  // y (R, N)
  /// What y is multiplied by before the result is added: 0 or 1.
  let beta: Scalar
  /// (R · notesPerRow)
  let notes: UnsafeMutablePointer<Scalar>
  /// Shared by all operations; holds nothing from one call to the next. (scratchCount)
  let scratch: UnsafeMutablePointer<Scalar>
}

/// Gradients (dx, dy) or tangents (ẋ, ẏ) of a site's input and output.
struct Derivative<Scalar: ModelScalar> {
  let input: Matrix<Scalar>  // (R, K)
  let output: Matrix<Scalar>  // (R, N)
  /// What the one that is written is multiplied by before the result is added: 0 or 1.
  let beta: Scalar
}

/// Where the rows of a pass belong.
final class BatchRows {
  /// Of each row in its own sequence. (R)
  var positions: [Int32]
  /// The rows of each sequence.
  let sequences: [Range<Int>]
  /// The rows of each side, whose gradients are kept apart.
  let sides: [Range<Int>]
  /// Positions that tables must hold.
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

/// What earlier positions left for an operation's `step`.
struct DecodingCache<Scalar: ModelScalar> {
  /// (B, cachePerPosition · capacity)
  let base: UnsafeMutablePointer<Scalar>
  /// Positions of each row.
  let capacity: Int
}

/// How the residual stream begins: rows of a table, one for each row of the batch.
protocol InputOperation: Sendable {
  /// The table whose rows it looks up.
  var table: Weight { get }

  /// x = rows of the table, or x += them if `adds`. Linear in the parameters: with a direction in
  /// their place it gives the tangent.
  func forward<Scalar: ModelScalar>(
    _ parameters: UnsafeMutablePointer<Scalar>, tokens: [Int32], positions: [Int32],
    into x: Matrix<Scalar>, adds: Bool)

  func backward<Scalar: ModelScalar>(
    tokens: [Int32], positions: [Int32], _ dx: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>)
}

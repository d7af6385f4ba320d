// A decoder's parameters and configuration, shared by all workers.

/// A decoder-only transformer of one of the supported families.
///
/// Workers read the parameters concurrently. `withParameters` changes them, and nothing else may
/// use the model meanwhile.
public final class Transformer<Scalar: ModelScalar>: @unchecked Sendable {
  public let configuration: ModelConfiguration
  public let layout: ParameterLayout
  /// Those that are stored elsewhere are not in it, and take no memory.
  var parameters: Buffer<Scalar>
  /// The matrices that stay in their files; nil for none.
  let stored: StoredWeights?

  /// Whether the backward pass delivers the gradients of an adapter's factors alone.
  let differentiatesAdapterAlone: Bool

  /// A model with all parameters zero; see `initialize` and `load`.
  public convenience init(_ configuration: ModelConfiguration) {
    self.init(configuration, ParameterLayout(configuration))
  }

  init(
    _ configuration: ModelConfiguration, _ layout: ParameterLayout,
    differentiatesAdapterAlone: Bool = false, stored: StoredWeights? = nil
  ) {
    BLAS.reserveBuffers(1)
    self.configuration = configuration
    self.layout = layout
    self.differentiatesAdapterAlone = differentiatesAdapterAlone
    self.stored = stored
    parameters = Buffer(count: layout.count, isSparse: stored != nil)
  }

  /// A model of its own with the same parameters, all of them in memory.
  public func copy() -> Transformer {
    let copy = Transformer(
      configuration, layout, differentiatesAdapterAlone: differentiatesAdapterAlone)
    copy.parameters.copy(from: parameters)
    for (index, tensor) in (stored?.tensors ?? []).enumerated() {
      guard let tensor else { continue }
      ParameterView.copy(tensor, 0..<tensor.count, to: copy.pointer(index))
    }
    return copy
  }

  /// Whether all parameters are in memory, none in files.
  public var isInMemory: Bool { stored == nil }

  /// The model itself, or a copy where parameters are stored elsewhere.
  public var inMemory: Transformer { stored == nil ? self : copy() }

  /// Bytes of the parameters, those in files included.
  public var byteCount: Int {
    let elsewhere = stored?.tensors.reduce(0) { $0 + ($1?.count ?? 0) } ?? 0
    return (layout.count - elsewhere) * MemoryLayout<Scalar>.stride + (stored?.byteCount ?? 0)
  }

  /// Bytes of a worker's converted matrices.
  public var panelByteCount: Int {
    stored.map { WeightPanels<Scalar>.count * $0.largest * MemoryLayout<Scalar>.stride } ?? 0
  }

  func view(_ panels: WeightPanels<Scalar>) -> ParameterView<Scalar> {
    ParameterView(base: parameters.base, stored: stored, panels: panels)
  }

  /// Reads or changes the parameters in the order of the layout. They must all be in memory (`inMemory`).
  public func withParameters<Result>(
    _ body: (inout Buffer<Scalar>) throws -> Result
  ) rethrows -> Result {
    precondition(stored == nil, "parameters in files cannot be changed")
    return try body(&parameters)
  }

  /// Row 0 of a parameter.
  func pointer(_ parameter: Int) -> UnsafeMutablePointer<Scalar> {
    parameters.base + layout.parameters[parameter].offset
  }
}

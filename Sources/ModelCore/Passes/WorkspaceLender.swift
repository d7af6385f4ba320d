// Workspaces that outlive the threads that use them.
import Synchronization

/// Lends workspaces of one model to workers and keeps them for the next ones.
public final class WorkspaceLender<Scalar: ModelScalar>: @unchecked Sendable {
  private let model: Transformer<Scalar>
  private let idle = Mutex<[Handle]>([])

  /// Passes a workspace between threads; only one thread has it at a time.
  private struct Handle: @unchecked Sendable {
    let workspace: Workspace<Scalar>
  }

  /// A borrowed workspace, which is returned when this object is released.
  public final class Loan {
    public let workspace: Workspace<Scalar>
    private let lender: WorkspaceLender

    fileprivate init(_ workspace: Workspace<Scalar>, _ lender: WorkspaceLender) {
      self.workspace = workspace
      self.lender = lender
    }

    deinit {
      let handle = Handle(workspace: workspace)
      lender.idle.withLock { $0.append(handle) }
    }
  }

  public init(_ model: Transformer<Scalar>) {
    self.model = model
  }

  /// A workspace that no other worker uses.
  public func borrow() -> Loan {
    let handle = idle.withLock { $0.popLast() }
    return Loan(handle?.workspace ?? Workspace(model), self)
  }
}

// What OpenBLAS says about itself, and the one setting that it gets.
import COpenBLAS

/// The linear algebra library behind the model core.
public enum BLAS {
  /// Kernels in use, for example `Zen` or `SkylakeX`; the environment's OPENBLAS_CORETYPE chooses
  /// others. Results differ between kernels in the last bits.
  public static var core: String {
    useOneThread
    return String(cString: openblas_get_corename())
  }

  /// Version and build options.
  public static var version: String {
    String(cString: openblas_get_config())
  }

  /// One BLAS thread a worker: the workers are the parallelism, and results then do not depend on
  /// how the library would have split a product. Evaluated once, by the first workspace.
  static let useOneThread: Void = openblas_set_num_threads(1)
}

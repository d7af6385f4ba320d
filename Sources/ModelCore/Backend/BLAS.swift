// The version and kernels of OpenBLAS, and the one setting that is made.
import COpenBLAS

/// The linear algebra library that the model core uses.
public enum BLAS {
  /// The kernels in use, for example `Zen` or `SkylakeX`; the environment variable
  /// OPENBLAS_CORETYPE selects others. Results differ between kernels in the last bits.
  public static var core: String {
    useOneThread
    return String(cString: openblas_get_corename())
  }

  /// Version and build options.
  public static var version: String {
    String(cString: openblas_get_config())
  }

  /// Sets one BLAS thread per worker. Work is parallel over workers only, so results do not depend
  /// on how the library would divide a product among threads. Evaluated once, by the first
  /// workspace.
  static let useOneThread: Void = openblas_set_num_threads(1)
}

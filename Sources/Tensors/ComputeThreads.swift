internal import CKernels
internal import COpenBLAS

/// How many threads the operations of this process use, the calling thread included.
///
/// Products are split over our own threads and each part is one single-threaded BLAS call, so the thread
/// count never has to be agreed on with the BLAS and results depend on nothing but the inputs and this count.
public enum ComputeThreads {
  /// At least 1; the number of cores until set.
  public static var current: Int { Int(ck_threads()) }

  public static func set(_ n: Int) {
    ck_set_threads(Int32(clamping: n))
  }

  /// Evaluated once, before the first product.
  static let blasIsReady: Void = {
    ck_choose_blas_kernels()
    openblas_set_num_threads(1)
  }()
}

// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Random

/// Where `/dev/random` gets its bytes.
public protocol RandomByteSource: AnyObject {
  /// Fills all of `bytes`.
  func fill(_ bytes: inout MutableRawSpan)
  /// Takes bytes that somebody believes to be random.
  func mix(_ bytes: RawSpan)
}

/// The kernel's own generator.
public final class KernelRandom: RandomByteSource {
  public init() {}

  public func fill(_ bytes: inout MutableRawSpan) { RandomSource.fill(&bytes) }

  public func mix(_ bytes: RawSpan) { RandomSource.mix(bytes) }
}

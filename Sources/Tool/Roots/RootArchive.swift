// SPDX-License-Identifier: BSD-3-Clause

/// The root file system of an image: an EROFS image in the cache.
public struct RootArchive: Sendable, Equatable {
  /// Its absolute path.
  public let path: String
  public let byteCount: Int
}

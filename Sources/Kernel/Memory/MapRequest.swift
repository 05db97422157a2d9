// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A mapping that is asked for; see `AddressSpace.map`.
public struct MapRequest {
  public enum Placement {
    /// At the hint if there is room, else anywhere.
    case anywhere(hint: VirtualAddress?)
    /// Here, replacing what is there.
    case fixed(VirtualAddress)
    /// Here, or `fileExists`.
    case fixedNoReplace(VirtualAddress)
  }

  public enum Content {
    /// Zero bytes.
    case anonymous
    /// The source's pages from `firstPage` on.
    case source(PageSource, firstPage: Int)
  }

  public var placement = Placement.anywhere(hint: nil)
  /// A multiple of the page size, not zero.
  public var byteCount: Int
  public var permissions: Permissions
  public var maximumPermissions: Permissions = [.read, .write, .execute]
  public var content = Content.anonymous
  /// Whether writes reach the source (and other mappings of it).
  public var isShared = false
  /// Whether the memory may exceed what there is (`MAP_NORESERVE`).
  public var reservesNothing = false
  public var growsDown = false
  /// Whether to make all pages at once.
  public var populates = false
  public var staysBelow2GiB = false
  public var label = RegionLabel.none

  public init(byteCount: Int, permissions: Permissions) {
    self.byteCount = byteCount
    self.permissions = permissions
  }
}

/// What became of a page fault.
public enum FaultOutcome: Sendable {
  /// The page is there now; the access may go on.
  case resolved
  /// Nothing is mapped there.
  case noMapping
  /// The mapping does not allow this access.
  case forbidden
  /// The page lies behind the end of its file.
  case beyondSource
  /// There is no frame for the page.
  case outOfMemory
}

/// What a program says of a range (`madvise(2)`).
public enum MemoryAdvice: Sendable {
  /// Nothing that matters here.
  case normal
  /// Will be read soon.
  case willNeed
  /// Will be written soon.
  case populateWrite
  /// The contents may go at once: anonymous memory reads zero again, a file its contents.
  case dontNeed
  /// The contents may go when memory is short; here, at once.
  case free
}

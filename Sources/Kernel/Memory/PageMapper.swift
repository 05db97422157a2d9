// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// Who maps pages of sources into a program's memory, as sources and copies know it.
///
/// It is behind a protocol so that an image without a program, and so without an `AddressSpace`,
/// holds nothing of mappings though it holds files.
public protocol PageMapper: AnyObject {
  /// Makes the page at `address` accessible.
  func resolveFault(at address: VirtualAddress, _ access: PageAccess) -> FaultOutcome
  /// Forgets pages that `source` had from page `first` on.
  func forgetPages(of source: PageSource, from first: Int)
  /// Forgets the mappings of `pages` of `source` that are not private copies.
  func refreshPages(of source: PageSource, _ pages: Range<Int>)
  /// Whether anything maps `source`.
  func maps(_ source: PageSource) -> Bool
}

extension AddressSpace: PageMapper {}

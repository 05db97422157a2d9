// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory

/// The sizes of the process's memory by kind, in pages.
struct MemorySummary {
  var reserved = 0
  var resident = 0
  var residentAnonymous = 0
  var data = 0
  var stack = 0
  var code = 0
  var libraries = 0

  init(_ information: any SystemInformation) {
    let space = information.addressSpace
    let program = information.process.code
    var counts = PageCounts()
    var sizes = (reserved: 0, data: 0, stack: 0, code: 0, libraries: 0)
    space.forEachRegion { region in
      let pages = region.range.byteCount / pageSize
      sizes.reserved += pages
      counts.add(space.countPages(in: region.range))
      if region.label == .stack {
        sizes.stack += pages
      } else if region.permissions.contains(.write) && !region.isShared {
        sizes.data += pages
      } else if region.permissions.contains(.execute) {
        if region.range.overlaps(program) { sizes.code += pages } else { sizes.libraries += pages }
      }
    }
    reserved = sizes.reserved
    data = sizes.data
    stack = sizes.stack
    code = sizes.code
    libraries = sizes.libraries
    resident = counts.resident
    residentAnonymous = counts.anonymous
  }

  /// `statm`: size, resident, shared, text, library (always 0), data, dirty (always 0).
  var fields: [Int] {
    [reserved, resident, resident - residentAnonymous, code, 0, data + stack, 0]
  }
}

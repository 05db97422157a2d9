// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// Descriptor 0.
enum InputSource {
  static func read(into bytes: inout MutableRawSpan, until deadline: Instant) -> Int? {
    HostInput.read(into: &bytes, until: deadline.nanoseconds)
  }
}

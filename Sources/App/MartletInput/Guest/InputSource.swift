// SPDX-License-Identifier: BSD-3-Clause

import Base
import NativeInput

/// The input port of the image.
enum InputSource {
  static func read(into bytes: inout MutableRawSpan, until deadline: Instant) -> Int? {
    NativeInput.shared.read(into: &bytes, until: deadline)
  }
}

// SPDX-License-Identifier: BSD-3-Clause

import Base

extension Time {
  /// Lets other threads run for this time. It can be a little longer, never shorter.
  public static func sleep(_ span: Nanoseconds) {
    sleep(until: now() + span)
  }
}

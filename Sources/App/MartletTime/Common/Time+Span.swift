// SPDX-License-Identifier: BSD-3-Clause

import Base

extension Nanoseconds {
  /// Whole seconds; saturates at 292 years.
  public static func seconds(_ count: Int64) -> Self { Self(seconds: count) }
}

extension Time {
  /// Lets other threads run for this time. It can be a little longer, never shorter.
  public static func sleep(_ span: Nanoseconds) {
    sleep(until: now() + span)
  }
}

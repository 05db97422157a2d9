// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// What the server has done.
final class Counters {
  let startedAt = Time.now()
  /// Connections at present, and in all.
  var open = 0
  var accepted = 0
  /// Requests that were answered.
  var requests = 0
}

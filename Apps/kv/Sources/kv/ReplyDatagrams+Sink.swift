// SPDX-License-Identifier: BSD-3-Clause

import KVCore
import Martlet

/// Replies of datagrams have all the room they ask for: what finds no buffer is lost.
extension ReplyDatagrams: ReplySink {
  public var room: Int { Int.max }
}

// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory

/// The two pages that the program maps: the clock's numbers, then the code. Both stay as long as
/// the kernel runs.
final class SharedObjectPages: PageSource {
  static let clockPage = 0
  static let codePage = 1

  private let clock: FrameNumber
  private let code: FrameNumber

  init(clock: FrameNumber, code: FrameNumber) {
    self.clock = clock
    self.code = code
    super.init()
  }

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    guard !forWriting else { throw .accessDenied }
    return SourcePage(frame: index == Self.clockPage ? clock : code, isPermanent: true)
  }

  override var byteCount: Int { 2 * pageSize }
}

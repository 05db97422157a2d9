// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import Machine

@Suite struct TranslationRefreshTests {
  /// A program that grows to a million pages costs a dozen refreshes, not one for each so many.
  @Test func mappedPagesRefreshAtEachDoubling() {
    var refresh = TranslationRefresh()
    let due = (1...100_000).filter { _ in refresh.countMapped() }
    #expect(due == [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536])
  }

  @Test func timeRefreshesOncePerPeriod() {
    var refresh = TranslationRefresh()
    let start = Instant.start + .milliseconds(5)
    // Long idle is one refresh, not all that were left out.
    let times: [Int64] = [0, 99, 100, 60_000, 60_001]
    let due = times.filter { refresh.isDue(at: start + .milliseconds($0)) }
    #expect(due == [0, 100, 60_000])
  }
}

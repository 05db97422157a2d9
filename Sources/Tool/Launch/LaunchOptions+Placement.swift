// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import Plan
import ToolSupport

extension LaunchOptions {
  /// Up to so much memory, what the low placement saves counts.
  private static let smallMemory = ByteSize.mebibytes(8)

  /// Where the plan's native image lies when it is started so.
  ///
  /// Other machines' firmware clears the low memory; with much memory the image of every machine
  /// does as well, and is compiled only once for all of them.
  public func placement(for plan: Plan) -> ImagePlacement {
    guard machine == .microvm, let least = [plan.memory, memory].compactMap(\.self).min() else {
      return .anywhere
    }
    return least <= Self.smallMemory ? .low : .anywhere
  }
}

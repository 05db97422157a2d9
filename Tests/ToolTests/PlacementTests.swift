// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import Launch
import Plan
import Testing
import ToolSupport

@Suite struct PlacementTests {
  private func placement(
    plan memory: UInt64?, options more: UInt64? = nil, machine: LaunchOptions.Machine = .microvm
  ) -> ImagePlacement {
    var plan = Plan(file: "x", directory: "/", name: "x", command: ["x"])
    plan.memory = memory.map { .mebibytes($0) }
    var options = LaunchOptions()
    options.machine = machine
    options.memory = more.map { .mebibytes($0) }
    return options.placement(for: plan)
  }

  @Test func aSmallMachineHasItsImageLow() {
    #expect(placement(plan: 1) == .low)
    #expect(placement(plan: 8) == .low)
    #expect(placement(plan: 64, options: 2) == .low)
    // More memory for once is no reason to compile another image.
    #expect(placement(plan: 4, options: 512) == .low)
  }

  @Test func elsewhereItIsTheImageOfEveryMachine() {
    #expect(placement(plan: 9) == .anywhere)
    #expect(placement(plan: nil) == .anywhere)
    #expect(placement(plan: 1, machine: .q35) == .anywhere)
    #expect(placement(plan: 1, machine: .pc) == .anywhere)
  }
}

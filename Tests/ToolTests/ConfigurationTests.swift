// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing
import ToolSupport

@testable import Configuration

@Suite("Configurations")
struct ConfigurationTests {
  /// The checkout that these tests are in.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func plan(_ lines: [String]) throws -> Plan {
    let config = try lines.enumerated().map { index, line in
      try #require(ConfigurationLine(line, at: Position(line: index + 7, column: 3)))
    }
    return Plan(file: "app/martlet.yaml", directory: "/nonexistent", name: "app", config: config)
  }

  private func resolve(_ lines: [String]) async throws -> ResolvedConfiguration {
    try await Resolver.resolve(try plan(lines), in: Self.root)
  }

  @Test func theDefaultsHoldOneHeapAndOneScheduler() async throws {
    let defaults = try await resolve([])
    #expect(defaults.modules.filter { $0.hasPrefix("Heap") } == ["Heap", "HeapTLSF"])
    #expect(defaults.modules.filter { $0.hasPrefix("Scheduler") } == ["SchedulerRoundRobin"])
    #expect(defaults.modules.contains("LinuxFiles"))
  }

  @Test func aChoiceReplacesTheDefault() async throws {
    let defaults = try await resolve([])
    let buddy = try await resolve(["HEAP_BUDDY=y"])
    #expect(buddy.modules.filter { $0.hasPrefix("Heap") } == ["Heap", "HeapBuddy"])
    #expect(buddy.hash != defaults.hash)
    #expect(try await resolve(["HEAP_TLSF=y"]).hash == defaults.hash)
  }

  @Test func laterLinesWin() async throws {
    let last = try await resolve(["HEAP_BUDDY=y", "HEAP_REGION=y"])
    #expect(last.isOn("HEAP_REGION"))
    #expect(!last.isOn("HEAP_BUDDY"))
  }

  @Test func aModuleTakesAlongWhatItStandsOn() async throws {
    #expect(try await resolve([]).modules.contains("PCI"))
    #expect(try await !resolve(["VIRTIO_PCI=n"]).modules.contains("PCI"))
  }

  @Test(arguments: [
    ("HEAP_TSLF=y", "no setting HEAP_TSLF; did you mean HEAP_TLSF"),
    ("KERNEL_STACK_KIB=3", "KERNEL_STACK_KIB=3 is out of range: 8 to 256"),
    ("KERNEL_STACK_KIB=many", "is a whole number"),
    ("PROCFS=maybe", "PROCFS is y or n"),
    ("PIPES=n", "PIPES cannot be set"),
    ("HEAP_TLSF=n", "choose another of the same choice"),
  ])
  func aSettingThatCannotHoldNamesItsLine(_ setting: String, _ message: String) async throws {
    await #expect {
      _ = try await resolve(["JIT=n", setting])
    } throws: {
      "\($0)".contains("app/martlet.yaml:8:3: ") && "\($0)".contains(message)
    }
  }

  @Test func anUnmetDependencyIsAnError() async throws {
    await #expect {
      _ = try await resolve(["LINUX_SIGNALS=n", "LINUX_TIME=y"])
    } throws: {
      "\($0)".contains(":8:3: LINUX_TIME=y cannot hold: it needs LINUX_SIGNALS")
    }
  }

  @Test func everyModuleOfTheTableHasASetting() async throws {
    let names = Set(try await resolve([]).symbols.compactMap(\.module))
    let manifest = try String(contentsOfFile: "\(Self.root)/Package.swift", encoding: .utf8)
    // What applications import (App) is not configured.
    let libraries =
      manifest
      .matches(of: /Library\(\s*"(?!App")\w+",\s*"(\w+)"/).map { String($0.1) }
    #expect(libraries.count > 30)
    #expect(libraries.filter { !names.contains($0) } == [])
  }
}

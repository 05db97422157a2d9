// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing
import ToolSupport

@testable import Launch

@Suite struct DisksTests {
  private static var plan: Plan {
    Plan(file: "/a/martlet.yaml", directory: "/a", name: "a", kind: .swift)
  }

  private func makeFile(_ byteCount: Int) throws -> String {
    let path = NSTemporaryDirectory() + "disk-\(UUID().uuidString)"
    try Data(count: byteCount).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func check(
    _ texts: [String], of plan: Plan = plan, volumeCount: Int = 0,
    machine: LaunchOptions.Machine = .microvm
  ) throws {
    let disks = try texts.map { try #require(Disk($0)) }
    try Disks.check(
      Disks.resolved(disks, in: "/tmp"), of: plan, volumeCount: volumeCount, machine: machine)
  }

  @Test func readsTheOption() throws {
    let disk = try #require(Disk("a:b.img:ro"))
    #expect(disk.path == "a:b.img" && disk.isReadOnly && disk.description == "a:b.img:ro")
    #expect(Disk("x.img")?.isReadOnly == false)
    #expect(Disk("") == nil && Disk(":ro") == nil)
    #expect(Disks.resolved([disk], in: "/data")[0].path == "/data/a:b.img")
  }

  @Test func mistakesAreTold() throws {
    let good = try makeFile(1024)
    let odd = try makeFile(1000)
    let empty = try makeFile(0)
    defer { for path in [good, odd, empty] { unlink(path) } }
    try check([good])
    try check(["\(good):ro"], volumeCount: 5)
    let wrong: [([String], String)] = [
      ([good, "\(good):ro"], "same file"), (["/nonexistent/x"], "does not exist"),
      (["/etc"], "is no file"), (["/dev/null"], "is no file"), ([odd], "1000 bytes"),
      ([empty], "0 bytes"),
    ]
    for (texts, part) in wrong {
      let error = try #require(throws: ToolError.self) { try check(texts) }
      #expect("\(error)".contains(part), "\(error)")
    }
    #expect(throws: ToolError.self) { try check([good], volumeCount: 6) }
    try check([good], volumeCount: 6, machine: .q35)
    var linux = Self.plan
    linux.kind = .linux
    #expect(throws: ToolError.self) { try check([good], of: linux) }
  }

  @Test func tellsQEMUAndTheProcess() throws {
    let disks = [try #require(Disk("/a,b.img")), try #require(Disk("/c:ro"))]
    let wanted = [
      "-drive", "if=none,id=disk0,format=raw,discard=unmap,file=/a,,b.img",
      "-device", "virtio-blk-device,drive=disk0,serial=disk0",
      "-drive", "if=none,id=disk1,format=raw,discard=unmap,file=/c,readonly=on",
      "-device", "virtio-blk-device,drive=disk1,serial=disk1",
    ]
    #expect(Disks.arguments(disks, machine: .microvm) == wanted)
    #expect(
      Disks.arguments(disks, machine: .pc)[3]
        == "virtio-blk-pci,disable-legacy=on,drive=disk0,serial=disk0")
    #expect(Disks.list(disks) == "rw:/a,b.img\nro:/c")
  }
}

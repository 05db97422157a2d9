// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing

@testable import Configuration
@testable import ImageBuild

@Suite("Images")
struct ImageBuildTests {
  private func little(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// A kernel as small as can be: one loaded segment, a free header, an image record.
  private func kernel(magic: UInt64 = 0x3145_4741_4d49_4d4d) -> [UInt8] {
    let names = Array("\0.image_record\0.shstrtab\0".utf8)
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    let record = 64 + 2 * 56
    let namesAt = record + 32
    let table = namesAt + names.count
    bytes += little(2, 2) + little(62, 2) + little(1, 4) + little(0x7e00_0000_1000)
    bytes += little(64) + little(UInt64(table)) + little(0, 4)
    bytes += little(64, 2) + little(56, 2) + little(2, 2) + little(64, 2) + little(3, 2)
    bytes += little(2, 2)
    bytes += little(1, 4) + little(5, 4) + little(UInt64(record))
    bytes +=
      little(0x7e00_0000_1000) + little(0x20_1000) + little(32) + little(0x2345) + little(4096)
    bytes += [UInt8](repeating: 0, count: 56)
    bytes += little(magic) + [UInt8](repeating: 0, count: 24) + names
    bytes += [UInt8](repeating: 0, count: 64)
    bytes += little(1, 4) + little(1, 4) + little(2) + little(0x7e00_0000_10b0)
    bytes += little(UInt64(record)) + little(32) + [UInt8](repeating: 0, count: 24)
    bytes += little(15, 4) + little(3, 4) + little(0) + little(0) + little(UInt64(namesAt))
    bytes += little(UInt64(names.count)) + [UInt8](repeating: 0, count: 24)
    return bytes
  }

  private func image(_ bytes: [UInt8], _ scratch: ScratchFolder) throws -> ImageFile {
    let path = "\(scratch.path)/kernel.elf"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try ImageFile(path: path)
  }

  @Test func theArchiveIsLoadedBehindTheKernel() throws {
    let scratch = try ScratchFolder()
    let archive = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let whole = try ImageAssembler.assembled(
      try image(kernel(), scratch), archive: archive, launchText: "program=/a")
    let made = try image(Array(whole), scratch)
    let segment = try #require(made.segments.last)
    #expect(segment.isLoaded && segment.permissions == "r--")
    #expect(segment.physicalAddress == 0x20_4000, "the next page behind 0x201000 + 0x2345")
    #expect(segment.fileOffset % 4096 == 0)
    #expect(segment.fileByteCount == 8192 + 11)
    let start = Int(segment.fileOffset)
    #expect(whole[start..<start + 8192] == archive)
    #expect(whole[(start + 8192)...] == Data("program=/a\0".utf8))
    let record = Array(whole[176..<208])
    #expect(record[8...] == (little(0x20_4000) + little(8192) + little(0x20_6000))[...])
  }

  @Test func withoutALaunchTextTheRecordSaysSo() throws {
    let scratch = try ScratchFolder()
    let whole = try ImageAssembler.assembled(
      try image(kernel(), scratch), archive: Data(count: 4096), launchText: "")
    #expect(Array(whole[200..<208]) == little(0))
  }

  @Test func aKernelWithADamagedRecordIsRefused() throws {
    let scratch = try ScratchFolder()
    let damaged = try image(kernel(magic: 1), scratch)
    #expect {
      _ = try ImageAssembler.assembled(damaged, archive: Data(), launchText: "")
    } throws: {
      "\($0)".contains("image record is damaged")
    }
  }

  @Test func everyTruncationIsAnErrorAndNotATrap() throws {
    let scratch = try ScratchFolder()
    let whole = kernel()
    for count in 0..<whole.count {
      #expect(throws: (any Error).self, "first \(count) bytes") {
        _ = try image(Array(whole[..<count]), scratch)
      }
    }
  }

  @Test func theLinkerScriptKeepsPermissionsApart() {
    let text = LinkerScript(layout: .linux, modules: ["Log", "Heap"]).text
    #expect(text.contains(".text.Log : AT(ADDR(.text.Log) - VIRTUAL + PHYSICAL)"))
    #expect(text.contains("*/Heap.build/*(.bss .bss.* COMMON)"))
    #expect(!text.contains("FLAGS(7)"))
    let order = [
      "martlet_text_start", "martlet_text_end", "martlet_rodata_start", "martlet_data_start",
      "martlet_bss_start", "martlet_image_end",
    ].map { text.range(of: $0 + " =")?.lowerBound }
    #expect(!order.contains(nil))
    #expect(order.compactMap { $0 } == order.compactMap { $0 }.sorted())
  }

  @Test func aNativeImageLiesWhereItsMachineLeavesMemoryAlone() {
    let low = LinkerScript(layout: .native(.low), modules: []).text
    #expect(low.contains("VIRTUAL = 0x7e0000010000;") && low.contains("PHYSICAL = 0x10000;"))
    #expect(low.contains("martlet_image_main = martlet_native_main;"))
    let anywhere = LinkerScript(layout: .native(.anywhere), modules: []).text
    #expect(anywhere.contains("PHYSICAL = 0x100000;"))
    let linux = LinkerScript(layout: .linux, modules: []).text
    #expect(linux.contains("VIRTUAL = 0x7e0000000000;") && linux.contains("PHYSICAL = 0x200000;"))
    #expect(linux.contains("martlet_enter_from_outside = martlet_enter_from_program;"))
  }

  @Test(arguments: [
    ("KERNEL_STACK_KIB", "kernelStackKiB"), ("JIT", "jit"),
    ("TIME_SLICE_MILLISECONDS", "timeSliceMilliseconds"), ("OPTIMIZE_SIZE", "optimizeSize"),
  ])
  func settingsHaveSwiftNames(_ symbol: String, _ name: String) {
    #expect(ImagePackage.swiftName(symbol) == name)
  }

  @Test func theFailureShowsErrorsWithoutTheNoiseOfABuild() {
    let error = KernelBuilder.failure(
      [
        "[1/3] Compiling A", "/x/A.swift:1:2: warning: unused", " 1 | let a", "[2/3] Compiling B",
        "/x/B.swift:3:4: error: cannot find 'y' in scope", " 3 | y", "[3/3] Linking",
      ], subject: "hello", folder: "/f")
    #expect(error.what.hasPrefix("hello does not build"))
    #expect(error.what.contains("cannot find 'y'") && error.what.contains(" 3 | y"))
    #expect(!error.what.contains("warning") && !error.what.contains("Linking"))
  }
}

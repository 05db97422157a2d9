// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Testing
import ToolSupport

@testable import Inspect

/// An image of three libraries that a C compiler makes: `Alpha` has the entry, which calls `Beta`;
/// a table of `Beta` leads to `Gamma`.
struct SmallImage {
  static let source = """
    #define LIBRARY(name) __attribute__((section(".text." #name), noinline, used))
    #define CONSTANTS(name) __attribute__((section(".rodata." #name), used))
    int counter;
    LIBRARY(Gamma) int deep(int value) { return value * 3; }
    LIBRARY(Gamma) int other(int value) { return value * 5; }
    CONSTANTS(Beta) int (*const table[])(int) = {deep, other};
    LIBRARY(Beta) int middle(int index) { return table[index](7); }
    LIBRARY(Alpha) void _start(void) { counter = middle(1); for (;;) ; }
    """

  static let script = """
    ENTRY(_start)
    PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
    SECTIONS {
      . = 0x400000;
      .text.Alpha : { *(.text.Alpha) } :text
      .text.Beta : { *(.text.Beta) }
      .text.Gamma : { *(.text.Gamma) }
      .rodata.Beta : { *(.rodata.Beta) }
      . = ALIGN(4096);
      .data.Beta : { *(.data.Beta) } :data
      .bss : { *(.bss*) } :data
      /DISCARD/ : { *(.eh_frame .comment .note*) }
    }
    """

  /// The linked file; `source` may differ from the usual one.
  static func build(
    in scratch: ScratchFolder, name: String = "image.elf", source: String = Self.source,
    relocations: Bool = true
  ) async throws -> ImageFile {
    try scratch.write(source, "\(name).c")
    try scratch.write(script, "link.ld")
    let path = "\(scratch.path)/\(name)"
    try await ExternalCommand(
      "gcc",
      [
        "-Os", "-ffreestanding", "-fno-pic", "-no-pie", "-mcmodel=small", "-fcf-protection=none",
        "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-T,\(scratch.path)/link.ld",
      ] + (relocations ? ["-Wl,--emit-relocs"] : []) + ["-o", path, "\(path).c"]
    ).runChecked("compiling a small image")
    return try ImageFile(path: path)
  }
}

@Suite("Inspection: why things are in")
struct InspectGraphTests {
  @Test func everyByteBelongsToOnePart() async throws {
    let image = try await SmallImage.build(in: try ScratchFolder())
    let anatomy = try ImageAnatomy(image)
    for section in image.sections where section.isAllocated && section.byteCount > 0 {
      let inside = anatomy.parts.filter { $0.address &- section.address < section.byteCount }
      #expect(inside.reduce(0) { $0 + $1.byteCount } == Int(section.byteCount), "\(section.name)")
      var cursor = section.address
      for part in inside {
        #expect(part.address == cursor, "\(part.name)")
        cursor = part.address + UInt64(part.byteCount)
      }
    }
    #expect(anatomy.libraries.map(\.name) == ["Alpha", "Beta", "Gamma", "Toolchain"])
    #expect(anatomy.libraries.last?.zeroed == 4)
  }

  @Test func theChainLeadsFromTheEntryThroughTables() async throws {
    let anatomy = try ImageAnatomy(try await SmallImage.build(in: try ScratchFolder()))
    let target = try #require(anatomy.parts.firstIndex { $0.name == "other" })
    let names = anatomy.graph.chain(to: target).map { anatomy.parts[$0].name }
    #expect(names == ["_start", "middle", "table", "other"])
    let short = anatomy.shortChain(to: target).map { anatomy.parts[$0].library }
    #expect(short == ["Alpha", "Beta", "Gamma"])
    #expect(anatomy.users(of: "Gamma").map(\.library) == ["Beta"])
    #expect(anatomy.users(of: "Gamma").first?.references == 2)
  }

  /// The linker's sum for a place relative to the instruction's end leaves out an immediate that
  /// comes behind the address; without it the reference would lead to the variable before.
  @Test(arguments: [
    "movl $7, target(%rip)", "movb $7, target(%rip)", "movw $7, target(%rip)",
    "addl $7, target(%rip)", "addl $700000, target(%rip)", "cmpb $7, target(%rip)",
    "testb $7, target(%rip)", "testl $7, target(%rip)", "notl target(%rip)",
    "imull $7, target(%rip), %eax", "imull $70000, target(%rip), %eax", "btl $7, target(%rip)",
    "shll $7, target(%rip)", "movq $7, target(%rip)", "movl target(%rip), %eax",
    "leaq target(%rip), %rax", "addw $700, target(%rip)",
  ])
  func anImmediateBehindAnAddressIsSeen(instruction: String) async throws {
    let source = """
      asm(".section .data.Beta, \\"aw\\"; before: .quad 1; target: .quad 2; after: .quad 3");
      asm(".section .text.Alpha, \\"ax\\"; .globl _start; .type _start, @function; _start:"
          "\(instruction); ret; .size _start, . - _start");
      """
    let image = try await SmallImage.build(in: try ScratchFolder(), source: source)
    let anatomy = try ImageAnatomy(image)
    let start = try #require(anatomy.parts.firstIndex { $0.name == "_start" })
    #expect(anatomy.graph.targets[start].map { anatomy.parts[$0].name } == ["target"])
    #expect(try image.references().map(\.name) == [""], "the test needs a section and a distance")
  }

  @Test func withoutRelocationsNothingIsSaidAboutWhy() async throws {
    let scratch = try ScratchFolder()
    let image = try await SmallImage.build(in: scratch, relocations: false)
    let subject = InspectionSubject(
      name: "bare", image: image, anatomy: try ImageAnatomy(image), kernel: nil, archive: nil)
    #expect(try subject.report().libraries.allSatisfy { $0.why.isEmpty })
    #expect {
      _ = try Inspector.reason(for: "Gamma", in: subject, json: false)
    } throws: {
      "\($0)".contains("--emit-relocs")
    }
  }

  @Test func aReasonNamesEachStepAndAnAbsenceSaysSo() async throws {
    let image = try await SmallImage.build(in: try ScratchFolder())
    let subject = InspectionSubject(
      name: "small", image: image, anatomy: try await .read(image), kernel: nil, archive: nil)
    let text = try Inspector.reason(for: "gamma", in: subject, json: false)
    for words in ["Gamma", "→ middle", "→ table", "Used by (references): Beta (2)"] {
      #expect(text.contains(words), "\(text)")
    }
    #expect {
      _ = try Inspector.reason(for: "TCP", in: subject, json: false)
    } throws: {
      "\($0)".contains("nothing called 'TCP' is in the image of small")
    }
  }

  @Test func aStrippedImageIsRefused() async throws {
    let scratch = try ScratchFolder()
    _ = try await SmallImage.build(in: scratch)
    let path = "\(scratch.path)/image.elf"
    try await ExternalCommand("strip", [path]).runChecked("stripping")
    let image = try ImageFile(path: path)
    #expect { _ = try ImageAnatomy(image) } throws: { "\($0)".contains("has no symbols") }
  }

  @Test func aNeighbourHoldsWhatNothingRefersTo() {
    // 0 → 1; 2 lies in one piece with 1 and refers to 3; nobody knows 4.
    let graph = ReferenceGraph(
      targets: [[1], [], [3], [], []], entry: 0, kept: [], pieces: [0, 1, 1, 2, 3])
    #expect(graph.links == [.root, .reference(0), .beside(1), .reference(2), nil])
    #expect(graph.chain(to: 3) == [0, 1, 2, 3])
    #expect(graph.chain(to: 4).isEmpty)
  }

  @Test func theShortestWayWinsAndCirclesEnd() {
    let graph = ReferenceGraph(
      targets: [[1, 2], [2], [0, 3], [1]], entry: 0, kept: [3], pieces: [0, 1, 2, 3])
    #expect(graph.chain(to: 3) == [0, 2, 3])
    #expect(graph.depths == [0, 1, 1, 2])
  }

  @Test func namesAreTidied() async throws {
    let names = try await DemangledName.names(of: [
      ".L.str.5.a\nb", "$e10Scheduling6ThreadC5yieldyyF", "memcpy",
      "$e3Log0A4LineV6appendyys12StaticStringVF",
    ])
    #expect(names == ["\"a\\nb\"", "Thread.yield()", "memcpy", "LogLine.append(_:)"])
    #expect(
      DemangledName.withoutArguments("closure #1 (Int) in A.b(_:c:)") == "closure #1 (Int) in A.b")
    #expect(DemangledName.withoutArguments("(texts)") == "(texts)")
  }
}

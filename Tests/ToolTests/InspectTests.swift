// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import Testing

@testable import Inspect

@Suite("Inspection")
struct InspectTests {
  @Test func columnsLineUp() {
    let text = ReportTable.table([["name", "bytes"], ["a", "5"], ["longer", "1234"]])
    #expect(text == "  name   bytes\n  a          5\n  longer  1234")
  }

  @Test func aSymbolTellsItsModule() {
    #expect(MangledModule.name(of: "$e10Scheduling6ThreadC5yieldyyF") == "Scheduling")
    #expect(MangledModule.name(of: "$s3ELF5ImageV") == "ELF")
    #expect(MangledModule.name(of: "$es22_ContiguousArrayBufferV") == "Toolchain")
    #expect(MangledModule.name(of: "$eSS5countSivg") == "Toolchain")
    for other in ["memcpy", "$e99Short", "$e", "$e04Name"] {
      #expect(MangledModule.name(of: other) == nil)
    }
  }

  @Test func eachSectionHasAShare() {
    for (section, library, kind) in [
      (".text.Log", "Log", ImagePart.Kind.text), (".bss.CMachine", "CMachine", .zeroed),
      (".rodata.TCP", "TCP", .constants), (".data.TCP", "TCP", .data),
      (".boot.text", "Boot", .text),
      (".boot.bss", "Boot", .zeroed), (".note.pvh", "Boot", .constants),
      (".image_record", "Boot", .constants), (".text", "Toolchain", .text),
    ] {
      let share = ImageCutter.share(of: section)
      #expect(share.library == library && share.kind == kind, "\(section)")
    }
  }

  @Test func whatEveryModuleBringsIsTheToolchains() {
    let owners = [
      ("swift_release", "ARP", "Toolchain"),
      ("$es7RawSpanV10extractingyABSnySiGF", "Machine", "Toolchain"),
      ("$es12StaticStringV5BytesE5bytess7RawSpanVvg", "Bytes", "Bytes"),
      ("$esSa6appendyyxnF3TCP7SegmentV_Tg5", "TCP", "TCP"),
      ("$e10Structures8NameMapV6insertyyF3VFS5InodeC_Tg5", "VFS", "VFS"),
      ("$e10Structures8NameMapV6insertyyF3VFS5InodeC_Tg5", "Image", "Structures"),
      ("memcpy", "CMachine", "CMachine"), ("memcpy", "Image", "Image"),
    ]
    for (symbol, section, library) in owners {
      #expect(
        ImageCutter.library(of: symbol, in: section, .text) == library, "\(symbol) in \(section)")
    }
  }

  @Test func theCatalogueReadsTheSelectedFamilies() throws {
    let scratch = try ScratchFolder()
    try scratch.write(
      """
      public static let read = SystemCallNumber(rawValue: 0)
      public static let rtSigaction = SystemCallNumber(rawValue: 13)
      public static let futex = SystemCallNumber(rawValue: 202)
      """, "Sources/Linux/LinuxCore/SystemCallNumber.swift")
    try scratch.write(
      "case 0: \"read\"\ncase 13: \"rt_sigaction\"\ncase 202: \"futex\"",
      "Sources/Linux/LinuxCore/SystemCallNumber+Name.swift")
    try scratch.write(
      "table.add(.read, read)\nlist.add(.apple)", "Sources/Linux/LinuxFiles/FileCalls.swift")
    try scratch.write(
      "table.add(\n  .rtSigaction, flags: \"SA_*\") {", "Sources/Linux/LinuxSignals/S.swift")
    try scratch.write("table.add(.futex, futex)", "Sources/Linux/LinuxThreads/T.swift")
    let calls = SystemCallCatalogue(root: scratch.path).calls(
      of: ["Log", "LinuxFiles", "LinuxSignals"])
    #expect(calls.map(\.name) == ["read", "rt_sigaction"])
    #expect(calls.map(\.number) == [0, 13])
  }
}

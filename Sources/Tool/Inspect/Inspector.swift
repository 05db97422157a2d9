// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Plan
import Roots
import ToolSupport

/// Says what an image is made of.
public enum Inspector {
  /// A table for people, or the same facts as JSON.
  public static func report(for plan: Plan, json: Bool) async throws -> String {
    let progress = ToolSupport.Progress()
    let kernel = try await KernelBuilder.kernel(for: plan, progress: progress)
    let archive = try await RootBuilder.archive(for: plan, progress: progress)
    progress.finish()
    let report = try inspect(kernel, archive: archive, application: plan.name)
    if !json { return ReportTable(report: report).text }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
  }

  static func inspect(_ kernel: Kernel, archive: RootArchive, application: String) throws
    -> InspectionReport
  {
    let image = try ImageFile(path: kernel.symbolPath)
    let loaded = image.segments.filter(\.isLoaded)
    if let bad = loaded.first(where: { $0.isWritable && $0.isExecutable }) {
      throw ToolError(
        "the segment at \(hex(bad.virtualAddress)) is writable and executable",
        at: kernel.symbolPath)
    }
    let size = try FileManager.default.attributesOfItem(atPath: kernel.path)[.size] as? Int
    let settings = kernel.configuration.symbols.map { ($0.name, $0.value) }
    return InspectionReport(
      application: application, kernel: kernel.path, kernelBytes: size ?? 0,
      entry: hex(image.entry), libraries: try libraries(of: image),
      segments: loaded.map { segment in
        .init(
          permissions: segment.permissions, virtualAddress: hex(segment.virtualAddress),
          physicalAddress: hex(segment.physicalAddress), fileBytes: Int(segment.fileByteCount),
          memoryBytes: Int(segment.memoryByteCount))
      },
      sections: sections(of: image, in: loaded),
      systemCalls: SystemCallCatalogue(root: Repository.root).calls(
        of: kernel.configuration.modules),
      archive: .init(path: archive.path, bytes: archive.byteCount),
      configuration: Dictionary(uniqueKeysWithValues: settings),
      configurationHash: kernel.configuration.hash)
  }

  /// Adds up the groups of sections that the linker script makes: `.text.Log`, `.bss.Log`.
  static func libraries(of image: ImageFile) throws -> [InspectionReport.Library] {
    var order: [String] = []
    var shares: [String: InspectionReport.Library] = [:]
    for section in image.sections where section.isAllocated && section.byteCount > 0 {
      let parts = section.name.split(separator: ".", maxSplits: 1)
      let kind = parts.first.map(String.init) ?? ""
      var name = parts.count > 1 ? String(parts[1]) : "Toolchain"
      if kind == "boot" || kind == "note" { name = "Boot" }
      if kind == "image_record" { name = "Boot" }
      if shares[name] == nil { order.append(name) }
      var share = shares[name] ?? InspectionReport.Library(name: name)
      let bytes = Int(section.byteCount)
      switch (kind, section.name) {
      case ("text", _), (_, ".boot.text"): share.text += bytes
      case (_, ".boot.bss"): share.zeroed += bytes
      case (_, ".boot.data"): share.data += bytes
      case ("bss", _): share.zeroed += bytes
      case ("data", _): share.data += bytes
      default: share.constants += bytes
      }
      shares[name] = share
    }
    for (name, bytes) in try foreignCode(in: image) where bytes > 0 {
      shares["Image"]?.text -= bytes
      if shares[name] == nil { order.append(name) }
      shares[name, default: InspectionReport.Library(name: name)].text += bytes
    }
    return order.compactMap { shares[$0] }
  }

  /// Code that the compiler put into the image's own module and that was written in another one.
  private static func foreignCode(in image: ImageFile) throws -> [String: Int] {
    guard let own = image.sections.first(where: { $0.name == ".text.Image" }) else { return [:] }
    var counts: [String: Int] = [:]
    var seen: Set<UInt64> = []
    for symbol in try image.symbols()
    where symbol.address >= own.address && symbol.address < own.address + own.byteCount {
      guard let module = MangledModule.name(of: symbol.name), module != "Image",
        seen.insert(symbol.address).inserted
      else { continue }
      counts[module, default: 0] += Int(symbol.byteCount)
    }
    return counts
  }

  private static func sections(of image: ImageFile, in segments: [ImageFile.Segment])
    -> [InspectionReport.Section]
  {
    image.sections.filter { $0.isAllocated && $0.byteCount > 0 }.map { section in
      let holder = segments.first {
        section.address >= $0.virtualAddress
          && section.address < $0.virtualAddress + $0.memoryByteCount
      }
      return .init(
        name: section.name, address: hex(section.address), bytes: Int(section.byteCount),
        permissions: holder?.permissions ?? "---")
    }
  }

  private static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

// SPDX-License-Identifier: BSD-3-Clause

import Configuration
import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

/// What is inspected: an application, whose image is built when it has changed, or an ELF file.
public struct InspectionSubject: Sendable {
  /// The application's name, or the file's path as it was given.
  public let name: String
  let image: ImageFile
  public let anatomy: ImageAnatomy
  /// What is known only of an image that the tool built.
  let kernel: Kernel?
  let archive: RootArchive?

  /// Builds or reads it.
  ///
  /// - Parameter text: the path of an ELF file with symbols, or what names an application.
  public static func load(
    _ text: String, withArchive: Bool, progress: ToolSupport.Progress
  ) async throws -> InspectionSubject {
    if isImage(text) {
      let image = try ImageFile(path: text)
      return InspectionSubject(
        name: text, image: image, anatomy: try await .read(image), kernel: nil, archive: nil)
    }
    let plan = try Plan.load(application: text, projectRoot: Repository.root)
    let kernel = try await KernelBuilder.kernel(
      for: plan, placement: LaunchOptions().placement(for: plan), progress: progress)
    let needsArchive = withArchive && plan.hasArchive
    let archive =
      needsArchive ? try await RootBuilder.archive(for: plan, progress: progress) : nil
    let image = try ImageFile(path: kernel.symbolPath)
    return InspectionSubject(
      name: plan.name, image: image, anatomy: try await .read(image), kernel: kernel,
      archive: archive)
  }

  private static func isImage(_ path: String) -> Bool {
    guard Paths.isFile(path), let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 4)) == Data([0x7f, 0x45, 0x4c, 0x46])
  }

  /// Everything about it but its functions.
  func report() throws -> InspectionReport {
    let loaded = image.segments.filter(\.isLoaded)
    if let bad = loaded.first(where: { $0.isWritable && $0.isExecutable }) {
      throw ToolError(
        "the segment at \(Self.hex(bad.virtualAddress)) is writable and executable",
        at: image.path)
    }
    let libraries = self.libraries
    let present = Set(libraries.map(\.name))
    let configuration = kernel?.configuration
    return InspectionReport(
      application: name, kernel: kernel?.path ?? image.path,
      kernelBytes: try Paths.byteCount(of: kernel?.path ?? image.path),
      entry: Self.hex(image.entry), libraries: libraries,
      segments: loaded.map { segment in
        .init(
          permissions: segment.permissions, virtualAddress: Self.hex(segment.virtualAddress),
          physicalAddress: Self.hex(segment.physicalAddress),
          fileBytes: Int(segment.fileByteCount), memoryBytes: Int(segment.memoryByteCount))
      },
      sections: sections(in: loaded),
      // What is selected serves calls only where the linker found it in use.
      systemCalls: try systemCalls(of: (configuration?.modules ?? []).filter(present.contains)),
      archive: archive.map { .init(path: $0.path, bytes: $0.byteCount) },
      configuration: Dictionary(
        uniqueKeysWithValues: (configuration?.symbols ?? []).map { ($0.name, $0.value) }),
      configurationHash: configuration?.hash ?? "")
  }

  /// The calls of the families that are in; of an image with a C program, those that it reaches.
  private func systemCalls(of modules: [String]) throws -> [InspectionReport.SystemCall] {
    let reached = try SystemCallCatalogue.reached(in: image)
    return SystemCallCatalogue(root: Repository.root).calls(of: modules)
      .filter { reached.isEmpty || reached.contains($0.number) }
      .map { .init(number: $0.number, name: $0.name, library: $0.library) }
  }

  /// The micro-libraries, with the reasons for them.
  private var libraries: [InspectionReport.Library] {
    anatomy.libraries.map { share in
      var share = share
      if anatomy.hasReferences, let door = anatomy.doorway(of: share.name) {
        share.why = anatomy.shortChain(to: door).map { anatomy.parts[$0].label }
        share.usedBy = anatomy.users(of: share.name).map(\.library)
      }
      return share
    }
  }

  private func sections(in segments: [ImageFile.Segment]) -> [InspectionReport.Section] {
    image.sections.filter { $0.isAllocated && $0.byteCount > 0 }.map { section in
      let holder = segments.first {
        section.address >= $0.virtualAddress
          && section.address < $0.virtualAddress + $0.memoryByteCount
      }
      return .init(
        name: section.name, address: Self.hex(section.address), bytes: Int(section.byteCount),
        permissions: holder?.permissions ?? "---")
    }
  }

  private static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

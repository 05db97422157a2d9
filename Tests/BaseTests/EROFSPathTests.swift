// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Foundation
import Testing

@Suite struct EROFSPathTests {
  private func walk(
    _ path: String, _ sample: ErofsSample, _ archive: ErofsArchive
  ) throws(ErofsPathError) -> ErofsInode {
    let bytes = Array(path.utf8)
    return try archive.file(
      at: RawSpan(_elements: bytes.span), in: RawSpan(_elements: sample.bytes.span))
  }

  @Test(.enabled(if: ErofsSample.tool != nil), arguments: [[], ["-Enoinline_data"]])
  func pathsLeadWhereTheyShould(options: [String]) throws {
    let sample = try ErofsSample(options: options)
    let archive = try ErofsArchive(RawSpan(_elements: sample.bytes.span))
    for (path, contents) in sample.contents where path != "link" {
      let file = try walk("/" + path, sample, archive)
      guard let contents else {
        #expect(file.kind == ErofsInode.directory, "\(path)")
        #expect(try walk("/\(path)//", sample, archive).number == file.number)
        continue
      }
      #expect(file.byteCount == contents.count, "\(path)")
      #expect(throws: ErofsPathError.notDirectory) { try walk("\(path)/", sample, archive) }
      #expect(throws: ErofsPathError.notDirectory) { try walk("\(path)/x", sample, archive) }
      if let extent = archive.extent(of: file) {
        #expect(Array(sample.bytes[extent]) == contents, "\(path)")
      } else {
        #expect(options.isEmpty && contents.count > 4096)
      }
    }
    let deep = try walk("many/deep", sample, archive).number
    for path in ["/link", "link/", "../many/../../many/./deep/.", "//many/deep/../deep"] {
      #expect(try walk(path, sample, archive).number == deep, "\(path)")
    }
    #expect(try walk("/..", sample, archive).number == archive.root)
    for path in ["", "/nothing", "many/nothing/x"] {
      #expect(throws: ErofsPathError.noSuchFile) { try walk(path, sample, archive) }
    }
    let long = String(repeating: "n", count: 256)
    #expect(throws: ErofsPathError.nameTooLong) { try walk(long, sample, archive) }
  }
}

// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Testing

@testable import Bench

@Suite struct BenchmarkReportTests {
  let measurements =
    Bench.Measurement.parse(
      Array("null-system-call 118 instructions\nnoise\n7 8 9\npage-fault 1600.5 x\na nan b\n".utf8),
      bench: "syscalls", system: "martlet", limits: ["null-system-call": 120, "page-fault": 1500])
    + Bench.Measurement.parse(
      Array("[  0.1] booting\r\nnull-system-call 1180 instructions\r\n".utf8), bench: "syscalls",
      system: "linux")

  @Test func readsNumbersAmongOtherLines() {
    #expect(measurements.map(\.name) == ["null-system-call", "page-fault", "null-system-call"])
    #expect(measurements.map(\.value) == [118, 1600.5, 1180])
    #expect(measurements.map(\.isWithinLimit) == [true, false, nil])
  }

  @Test func printsATable() {
    let report = BenchmarkReport(measurements)
    #expect(!report.isWithinLimits)
    #expect(
      report.table == """
        bench     number            unit          martlet     limit        linux  ratio
        syscalls  null-system-call  instructions      118    <= 120    ok  1,180   10.0
        syscalls  page-fault        x             1600.50  <= 1,500  OVER      -      -
        """)
  }

  @Test func writesJSON() throws {
    let bytes = try BenchmarkReport(measurements).json()
    let back = try JSONDecoder().decode([Bench.Measurement].self, from: Data(bytes))
    #expect(back == measurements)
  }

  @Test func packsAFirstRootForLinux() {
    var archive = InitialArchive()
    archive.add("init", mode: 0o100755, contents: [1, 2, 3])
    let bytes = archive.finish()
    #expect(bytes.count % 4 == 0)
    #expect(
      String(decoding: bytes[..<22], as: UTF8.self)
        == "0707010000000100008 1ed".replacing(" ", with: ""))
    #expect(Array(bytes[110..<116]) == Array("init\0".utf8) + [0])
    #expect(Array(bytes[116..<120]) == [1, 2, 3, 0])
  }
}

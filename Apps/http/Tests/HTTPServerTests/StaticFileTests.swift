// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPServer
import Testing

@Suite struct StaticFileTests {
  static let text: StaticString = "0123456789"
  private let peer = Peer(FileHandler(StaticFile("/f.txt", text)))

  private func ask(_ fields: String = "", method: String = "GET", version: String = "1.1")
    -> String
  {
    peer.say("\(method) /f.txt HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n")
  }

  private var tag: String {
    let answer = ask()
    let start = answer.firstRange(of: "etag: ")!.upperBound
    return String(answer[start...].prefix { $0 != "\r\n" })
  }

  @Test func theUsualAnswerIsTheSlowOne() {
    let usual = ask()
    #expect(usual.contains("content-type: text/plain; charset=utf-8\r\n"))
    #expect(usual.contains("accept-ranges: bytes\r\ncontent-length: 10\r\n\r\n0123456789"))
    #expect(ask("Range: lines=1-2\r\n") == usual)
    #expect(ask() == usual)
    #expect(ask(method: "HEAD").content.isEmpty)
    #expect(ask(version: "1.0").contains("connection: close"))
  }

  @Test func ranges() {
    let part = ask("Range: bytes=2-4\r\n")
    #expect(part.hasPrefix("HTTP/1.1 206 ") && part.content == "234")
    #expect(part.contains("content-range: bytes 2-4/10\r\n"))
    #expect(ask("Range: bytes=-3\r\n").content == "789")
    let none = ask("Range: bytes=10-\r\n")
    #expect(none.hasPrefix("HTTP/1.1 416 ") && none.contains("content-range: bytes */10\r\n"))
    #expect(ask("Range: bytes=0-1\r\nIf-Range: \(tag)\r\n").content == "01")
    #expect(ask("Range: bytes=0-1\r\nIf-Range: \"other\"\r\n").content == "0123456789")
  }

  @Test func conditions() {
    #expect(ask("If-None-Match: \(tag)\r\n").hasPrefix("HTTP/1.1 304 "))
    #expect(ask("If-None-Match: \(tag)\r\n").content.isEmpty)
    #expect(ask("If-None-Match: \"other\"\r\n").hasPrefix("HTTP/1.1 200 "))
    #expect(ask("If-Match: \"other\"\r\n").hasPrefix("HTTP/1.1 412 "))
    #expect(ask("If-Match: \(tag)\r\n").hasPrefix("HTTP/1.1 200 "))
    let refused = ask(method: "PUT")
    #expect(refused.hasPrefix("HTTP/1.1 405 ") && refused.contains("allow: GET, HEAD\r\n"))
  }

  @Test func largeOnesGoOutPieceByPiece() {
    let large = Peer(FileHandler(StaticFile("/l", Self.large)))
    let answer = large.say("GET /l HTTP/1.1\r\nHost: x\r\n\r\n")
    let count = Self.large.utf8CodeUnitCount
    #expect(count > 16 << 10)
    #expect(answer.contains("content-length: \(count)\r\n"))
    #expect(answer.content == Self.large.description)
    let part = large.say("GET /l HTTP/1.1\r\nHost: x\r\nRange: bytes=1-17000\r\n\r\n").content
    #expect(part == String(Self.large.description.dropFirst().prefix(17000)))
    #expect(large.session.phase == .idle)
  }
}

// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPServer
import Testing

@Suite struct SessionTests {
  static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func answersAndWaitsForTheNext() {
    let peer = Peer()
    let answer = peer.say(Self.get)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"))
    #expect(answer.hasSuffix("\r\n\r\npath /a body "))
    #expect(peer.session.phase == .idle)
    #expect(peer.session.requestCount == 1)
    #expect(peer.say(Self.get) == answer)
  }

  @Test func everyPieceMakesTheSameAnswer() {
    let body = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    let chunks =
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
    let all = Self.get + body + chunks + Self.get
    let whole = Peer().say(all)
    #expect(whole.count(of: "HTTP/1.1 200 OK") == 4)
    #expect(whole.contains("path /b body abc") && whole.contains("path /c body def"))
    #expect(Peer().say(all, splits: Array(1..<all.utf8.count)) == whole)
    for split in 1..<all.utf8.count {
      #expect(Peer().say(all, splits: [split]) == whole)
    }
  }

  @Test func anEmptyBodyIsComplete() {
    let answer = Peer().say("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    #expect(answer.hasSuffix("path /e body "))
  }

  @Test func pipelinedRequestsAreAnsweredInOrderAndInBounds() {
    let peer = Peer()
    let all = (0..<2000).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
    let answer = peer.say(all)
    #expect(peer.session.requestCount == 2000)
    #expect(answer.count(of: "200 OK") == 2000)
    let first = answer.firstRange(of: "path /1998 ")
    let second = answer.firstRange(of: "path /1999 ")
    #expect(first!.lowerBound < second!.lowerBound)
  }

  @Test func piecesGoOutInChunks() {
    let peer = Peer()
    let answer = peer.say("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + Self.get)
    #expect(
      answer.contains(
        "transfer-encoding: chunked\r\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n"
          + "8\r\npiece 3\n\r\n0\r\n\r\n"))
    #expect(answer.hasSuffix("path /a body "))
    #expect(peer.session.phase == .idle)
  }

  @Test func piecesToAnOldClientEndWithTheConnection() {
    let peer = Peer()
    let answer = peer.say("GET /stream HTTP/1.0\r\n\r\n")
    #expect(!answer.contains("chunked") && answer.contains("connection: close"))
    #expect(answer.content == "piece 1\npiece 2\npiece 3\n")
    #expect(peer.session.phase == .lingering)
  }

  @Test func headHasNoContent() {
    let peer = Peer()
    let answer = peer.say("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(answer.contains("content-length: 13\r\n") && answer.content.isEmpty)
    #expect(peer.say("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n").content.isEmpty)
    #expect(peer.session.phase == .idle)
  }

  @Test func theClientMayAskForTheEnd() {
    let peer = Peer()
    let answer = peer.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + Self.get)
    #expect(answer.contains("connection: close\r\n"))
    #expect(answer.count(of: "HTTP/1.1 200 OK") == 1)
    #expect(peer.session.phase == .lingering)
  }

  @Test func theServerMayWantTheEnd() {
    let peer = Peer()
    peer.session.endsSoon = true
    #expect(peer.say(Self.get + Self.get).count(of: "connection: close") == 1)
    // The client may be sending still: what comes is thrown away until it ends.
    #expect(peer.session.phase == .lingering)
    #expect(peer.say(Self.get).isEmpty)
    peer.session.receiveEnd()
    #expect(peer.session.isOver)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
  ])
  func refusesAndEnds(_ request: String, _ status: Int) {
    let peer = Peer()
    let answer = peer.say(Self.get + request + Self.get)
    #expect(answer.count(of: "HTTP/1.1 200 OK") == 1)
    #expect(answer.count(of: "HTTP/1.1 ") == 2)
    #expect(answer.contains("HTTP/1.1 \(status) "))
    #expect(answer.contains("connection: close\r\n"))
    #expect(peer.session.phase == .lingering)
  }

  @Test func continuesWhereAskedTo() {
    let peer = Peer()
    let head = "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    #expect(peer.say(head) == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(peer.session.phase == .body)
    #expect(peer.say("hi").hasSuffix("path /p body hi"))
    // Not where the body comes along.
    #expect(!Peer().say(head + "hi").contains("100 Continue"))
  }

  @Test func timeIsUp() {
    let slow = Peer()
    _ = slow.say("GET / HT")
    #expect(slow.session.phase == .head)
    #expect(slow.expire().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(slow.session.phase == .lingering)
    _ = slow.expire()
    #expect(slow.session.isOver)
    let idle = Peer()
    #expect(idle.expire().isEmpty)
    #expect(idle.session.isOver)
  }

  @Test func allSessionsShareABudget() {
    let budget = BufferBudget(limit: 1000)
    do {
      let first = Peer(budget: budget)
      let second = Peer(budget: budget)
      let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700\r\n\r\n"
      _ = first.say(head + String(repeating: "a", count: 600))
      #expect(budget.used > 600 && budget.used <= 1000)
      #expect(
        second.say(head + String(repeating: "a", count: 600)).hasPrefix(
          "HTTP/1.1 503 Service Unavailable"))
      #expect(first.say(String(repeating: "a", count: 100)).hasPrefix("HTTP/1.1 200"))
      #expect(budget.used == 0)
      _ = first.say("GET /unfinished")
      #expect(budget.used == 15)
    }
    #expect(budget.used == 0)
  }
}

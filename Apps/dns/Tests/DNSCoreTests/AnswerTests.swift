// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import DNSCore

/// What is answered, by the RFCs' own rules.
@Suite struct AnswerTests {
  let responder: Responder

  init() throws {
    responder = Responder(try zone())
  }

  @Test("a record that is there is answered with authority, TTL and compressed names")
  func positive() throws {
    let reply = try ask("mail.example.org", 1, in: responder)
    #expect(reply.flags == 0x8500 && reply.question == "mail.example.org.")
    #expect(
      reply.answers
        == [.init(name: "mail.example.org.", type: 1, lifetime: 300, data: "192.0.2.25")])
    #expect(reply.byteCount == 12 + 18 + 4 + 16)
    let exchange = try ask("example.org", 15, in: responder)
    #expect(exchange.answers.map(\.data) == ["10 mail.example.org."])
    #expect(exchange.answers[0].lifetime == 3600)
    #expect(exchange.additional.map(\.name) == ["mail.example.org."])
    let service = try ask("_sip._tcp.example.org", 33, in: responder)
    #expect(service.answers.map(\.data) == ["1 2 5060 sip.example.org."])
    #expect(service.additional.map(\.data) == ["192.0.2.50"])
    #expect(try ask("example.org", 6, in: responder).answers[0].data.hasSuffix(" 7"))
    #expect(try ask("1.2.0.example.org", 12, in: responder).answers[0].data == "web.example.org.")
    #expect(try ask("odd.example.org", 65_280, in: responder).answers[0].data == "1 2 3")
    let authority = try ask("example.org", 257, in: responder).answers[0].data
    #expect(authority.hasPrefix("0 5 105 115 115 117 101"))
  }

  @Test("the question's case is kept, and compared without case (RFC 4343)")
  func caseOfLetters() throws {
    let reply = try ask("mAiL.exAMPLE.Org", 1, in: responder)
    #expect(reply.question == "mAiL.exAMPLE.Org." && reply.answers[0].name == "mAiL.exAMPLE.Org.")
    #expect(try ask("mixedcase.example.org", 1, in: responder).answers.count == 1)
    #expect(try ask("SUB.WILD.example.org", 16, in: responder).answers.count == 1)
  }

  @Test("a name that is not there: NXDOMAIN with the SOA record and its minimum (RFC 2308)")
  func nameError() throws {
    for name in ["nothing.example.org", "a.mail.example.org", "x.y.example.org"] {
      let reply = try ask(name, 1, in: responder)
      #expect(reply.code == 3 && reply.isAuthoritative && reply.answers.isEmpty)
      #expect(reply.authority.count == 1 && reply.authority[0].type == 6)
      #expect(reply.authority[0].name == "example.org." && reply.authority[0].lifetime == 300)
    }
  }

  @Test("a name without the type, or with names below only: NODATA (RFC 2308 section 2.2)")
  func noData() throws {
    for (name, type) in [
      ("mail.example.org", 28), ("deep.example.org", 1), ("b.deep.example.org", 16),
      ("wild.example.org", 1), ("_tcp.example.org", 33), ("2.0.example.org", 12),
    ] as [(String, UInt16)] {
      let reply = try ask(name, type, in: responder)
      #expect(reply.code == 0 && reply.isAuthoritative && reply.answers.isEmpty, "\(name)")
      #expect(reply.authority.map(\.type) == [6] && reply.authority[0].lifetime == 300)
    }
  }

  @Test("wildcards stand for names that are not there below the closest encloser (RFC 4592)")
  func wildcards() throws {
    let reply = try ask("any.thing.wild.example.org", 1, in: responder)
    #expect(reply.answers.map(\.name) == ["any.thing.wild.example.org."])
    #expect(reply.answers[0].data == "192.0.2.99")
    #expect(try ask("x.wild.example.org", 16, in: responder).authority.map(\.type) == [6])
    // A name that is there hides it, for all types and for names below.
    #expect(try ask("sub.wild.example.org", 1, in: responder).code == 0)
    #expect(try ask("sub.wild.example.org", 1, in: responder).answers.isEmpty)
    #expect(try ask("x.sub.wild.example.org", 1, in: responder).code == 3)
    #expect(try ask("*.wild.example.org", 1, in: responder).answers.count == 1)
    let alias = try ask("x.alias.example.org", 1, in: responder)
    #expect(alias.answers.map(\.type) == [5, 1, 1])
    #expect(alias.answers[0].name == "x.alias.example.org.")
    let mail = try ask("q.wild.example.org", 15, in: responder)
    #expect(mail.answers.map(\.data) == ["5 mail.example.org."] && mail.additional.count == 1)
  }

  @Test("aliases are followed within the zone; the code is the last name's (RFC 6604)")
  func aliases() throws {
    let reply = try ask("www.example.org", 1, in: responder)
    #expect(reply.answers.map(\.type) == [5, 1, 1] && reply.answers[0].data == "web.example.org.")
    #expect(reply.answers[1].name == "web.example.org.")
    #expect(try ask("www.example.org", 5, in: responder).answers.map(\.type) == [5])
    let away = try ask("away.example.org", 1, in: responder)
    #expect(away.code == 0 && away.answers.map(\.data) == ["www.example.com."])
    #expect(away.authority.isEmpty)
    let dead = try ask("dead.example.org", 1, in: responder)
    #expect(dead.code == 3 && dead.answers.map(\.type) == [5] && dead.authority.count == 1)
    let noData = try ask("www.example.org", 28, in: responder)
    #expect(noData.code == 0 && noData.answers.map(\.type) == [5] && noData.authority.count == 1)
    #expect(try ask("loop1.example.org", 1, in: responder).answers.count == 2)
  }

  @Test("a name at or below a cut: a referral without authority, with glue (RFC 1034 4.2.1)")
  func referrals() throws {
    for (name, type) in [
      ("child.example.org", 1), ("child.example.org", 2), ("host.child.example.org", 1),
      ("x.y.child.example.org", 16), ("child.example.org", 6), ("ns.child.example.org", 1),
    ] as [(String, UInt16)] {
      let reply = try ask(name, type, in: responder)
      #expect(reply.code == 0 && !reply.isAuthoritative && reply.answers.isEmpty)
      #expect(reply.authority.map(\.data) == ["ns.child.example.org.", "ns1.example.org."])
      #expect(reply.additional.map(\.data).prefix(2) == ["192.0.2.53", "192.0.2.1"])
    }
    // DS belongs to this side of the cut (RFC 4035 section 3.1.4.1).
    let signer = try ask("child.example.org", 43, in: responder)
    #expect(signer.isAuthoritative && signer.authority.map(\.type) == [6])
  }

  @Test("what is not this server's is refused")
  func refusals() throws {
    #expect(try ask("example.com", 1, in: responder).flags == 0x8105)
    #expect(try ask("org", 1, in: responder).code == 5)
    #expect(try ask("xexample.org", 1, in: responder).code == 5)
    #expect(try ask("example.org", 252, in: responder).code == 5)
    #expect(try ask("example.org", 251, in: responder).code == 5)
    #expect(try ask("example.org", 250, in: responder).code == 4)
    let chaos = Reply(
      responder.answer(query("version.bind", 16, classNumber: 3), over: .datagram))
    #expect(chaos?.code == 5)
  }

  @Test("other operations are not implemented, answers are not answered")
  func operations() throws {
    for operation in UInt16(1)...15 {
      let bytes = query("example.org", 1, flags: operation << 11)
      let reply = try #require(Reply(responder.answer(bytes, over: .datagram)))
      #expect(reply.code == 4 && reply.flags >> 11 & 15 == operation)
    }
    #expect(responder.answer(query("example.org", 1, flags: 0x8000), over: .datagram) == nil)
    #expect(responder.answer([1, 2, 3], over: .datagram) == nil)
    var two = query("example.org", 1)
    two[5] = 2
    #expect(Reply(responder.answer(two, over: .datagram))?.code == 1)
    two[5] = 0
    #expect(Reply(responder.answer(two, over: .datagram))?.code == 1)
  }

  @Test("ANY is answered with one set (RFC 8482)")
  func any() throws {
    let reply = try ask("example.org", 255, in: responder)
    #expect(Set(reply.answers.map(\.type)) == [6])
    #expect(try ask("www.example.org", 255, in: responder).answers.map(\.type) == [5])
    #expect(try ask("nothing.example.org", 255, in: responder).code == 3)
    #expect(try ask("deep.example.org", 255, in: responder).authority.count == 1)
  }

  @Test("EDNS: answered when asked, other versions are told (RFC 6891)")
  func extended() throws {
    #expect(try ask("mail.example.org", 1, in: responder).extended == nil)
    let reply = try ask("mail.example.org", 1, in: responder, extended: (4096, 0))
    let option = try #require(reply.extended)
    #expect(option.name == "." && option.lifetime == 0x8000 && reply.answers.count == 1)
    let bad = try ask("mail.example.org", 1, in: responder, extended: (4096, 1))
    #expect(bad.code == 0 && bad.extended?.lifetime == 0x0100_8000 && bad.answers.isEmpty)
    // Two OPT records, or one with a name, are an error.
    var two = query("mail.example.org", 1, extended: (4096, 0))
    two += two.suffix(11)
    two[11] = 2
    #expect(Reply(responder.answer(two, over: .datagram))?.code == 1)
  }

  @Test("what does not fit a datagram is cut off, and whole over TCP (RFC 2181 section 9)")
  func truncation() throws {
    var text = exampleZone + "\n"
    for number in 0..<60 { text += "many A 198.51.100.\(number)\n" }
    for number in 0..<20 { text += "wide NS ns\(number).wide\nns\(number).wide A 192.0.2.7\n" }
    for number in 0..<18 { text += "mails MX 1 mail\(number)\nmail\(number) A 192.0.2.7\n" }
    let responder = Responder(try zone(text))
    let plain = try ask("many.example.org", 1, in: responder)
    #expect(plain.isTruncated && plain.answers.isEmpty && plain.byteCount <= 512)
    let large = try ask("many.example.org", 1, in: responder, extended: (4096, 0))
    #expect(!large.isTruncated && large.answers.count == 60 && large.byteCount <= 1232)
    // A size below 512 means 512 (RFC 6891 section 6.2.3).
    let tiny = try ask("many.example.org", 1, in: responder, extended: (100, 0))
    #expect(tiny.isTruncated && tiny.extended != nil)
    #expect(try ask("many.example.org", 1, in: responder, over: .stream).answers.count == 60)
    // Glue that is needed makes an answer too large (RFC 9471); other addresses are left out.
    #expect(try ask("wide.example.org", 1, in: responder).isTruncated)
    let whole = try ask("wide.example.org", 1, in: responder, over: .stream)
    #expect(whole.authority.count == 20 && whole.additional.count == 20)
    let mails = try ask("mails.example.org", 15, in: responder)
    #expect(!mails.isTruncated && mails.answers.count == 18 && mails.byteCount <= 512)
    #expect(try ask("mails.example.org", 15, in: responder, over: .stream).additional.count == 18)
    let limited = Reply(
      responder.answer(query("mail.example.org", 1), over: .datagram, isLimited: true))
    #expect(limited?.isTruncated == true && limited?.answers.isEmpty == true)
  }
}

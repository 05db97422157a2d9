// SPDX-License-Identifier: BSD-3-Clause

/// Turns queries into answers, for one zone.
public struct Responder {
  private let zone: Zone

  /// How a query came.
  public enum Transport: Sendable {
    case datagram
    case stream
  }

  /// The largest answer in a datagram, whatever the asker takes: it passes every network in one
  /// piece (RFC 9715 section 3.1).
  public static var datagramLimit: Int { 1232 }
  /// The largest answer in a datagram to who says nothing of sizes (RFC 1035 section 4.2.1).
  static var plainLimit: Int { 512 }

  public init(_ zone: Zone) {
    self.zone = zone
  }

  /// Answers one message.
  ///
  /// - Parameters:
  ///   - message: without the length that goes before it on streams.
  ///   - isLimited: whether the answer is to have nothing in it but the advice to ask again over
  ///     TCP.
  /// - Returns: nil when it gets no answer: it is none of a query.
  public func answer(
    _ message: [UInt8], over transport: Transport, isLimited: Bool = false
  ) -> [UInt8]? {
    let question: Question
    do throws(Question.Failure) {
      question = try Question(parsing: message)
    } catch {
      switch error {
      case .silence: return nil
      case .malformed: return Self.failure(message, .malformed)
      case .notImplemented: return Self.failure(message, .notImplemented)
      }
    }
    var limit = 65_535
    if transport == .datagram {
      limit = question.extended?.payloadByteCount ?? Self.plainLimit
      limit = max(Self.plainLimit, min(limit, Self.datagramLimit))
    }
    if isLimited, transport == .datagram {
      return Self.write(Answer(), truncated: true, to: question, message, limit)
    }
    return Self.write(decide(question), truncated: false, to: question, message, limit)
  }

  private func decide(_ question: Question) -> Answer {
    if let version = question.extended?.version, version > 0 { return Answer(.badVersion) }
    // Transfers are not offered (RFC 5936 section 2.2.1), and no other class than IN.
    switch question.type {
    case .axfr, .ixfr: return Answer(.refused)
    case .any: break
    default: if question.type.isMeta { return Answer(.notImplemented) }
    }
    guard question.classNumber == 1 else { return Answer(.refused) }
    return zone.answer(question.name, question.type)
  }

  /// An answer that is a header only.
  private static func failure(_ message: [UInt8], _ code: ResponseCode) -> [UInt8] {
    var result = Array(message[0..<2])
    // The operation and RD are copied.
    result.append(0x80 | message[2] & 0x79)
    result.append(UInt8(code.rawValue))
    result += [UInt8](repeating: 0, count: 8)
    return result
  }

  private static func write(
    _ answer: Answer, truncated: Bool, to question: Question, _ message: [UInt8], _ limit: Int
  ) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(raw: message[0..<12])
    // The question as it came, its letters' case included. Its name can be pointed to.
    writer.append(question.name)
    writer.append(question.type.rawValue)
    writer.append(question.classNumber)
    let room = limit - (question.extended == nil ? 0 : 11)
    let start = writer.bytes.count
    var counts = (answer: 0, authority: 0, additional: 0)
    var isTruncated = truncated
    if !truncated {
      counts.answer = append(answer.answers, to: &writer)
      counts.authority = append(answer.authority, to: &writer)
      isTruncated = writer.bytes.count > room
      // Whole sets only; what is missing can be asked for, but not the servers of a referral.
      for entry in answer.additional where !isTruncated {
        let mark = writer.bytes.count
        let added = append([entry], to: &writer)
        if writer.bytes.count <= room {
          counts.additional += added
        } else {
          writer.cut(to: mark)
          if answer.needsAdditional { isTruncated = true }
        }
      }
    }
    if isTruncated {
      writer.cut(to: start)
      counts = (0, 0, 0)
    }
    if let extended = question.extended {
      append(extended, code: answer.code, to: &writer)
      counts.additional += 1
    }
    var flags: UInt16 = 0x8000 | answer.code.rawValue & 15
    if answer.isAuthoritative { flags |= 0x0400 }
    if isTruncated { flags |= 0x0200 }
    if question.wantsRecursion { flags |= 0x0100 }
    writer.store(flags, at: 2)
    writer.store(1, at: 4)
    writer.store(UInt16(counts.answer), at: 6)
    writer.store(UInt16(counts.authority), at: 8)
    writer.store(UInt16(counts.additional), at: 10)
    return writer.bytes
  }

  /// Writes all records of some sets, and says how many. Nothing that is too long for any message
  /// goes on for ever.
  private static func append(_ entries: [Answer.Entry], to writer: inout MessageWriter) -> Int {
    var count = 0
    for entry in entries {
      for data in entry.set.data where writer.bytes.count <= 65_535 {
        writer.append(entry.name, entry.set.type, lifetime: entry.set.lifetime, data: data)
        count += 1
      }
    }
    return count
  }

  /// The OPT record (RFC 6891 section 6.1.2).
  private static func append(
    _ extended: Question.Extension, code: ResponseCode, to writer: inout MessageWriter
  ) {
    writer.append(UInt8(0))
    writer.append(RecordType.opt.rawValue)
    writer.append(UInt16(datagramLimit))
    writer.append((code.rawValue >> 4) << 8)
    writer.append(extended.wantsSignatures ? 0x8000 : UInt16(0))
    writer.append(UInt16(0))
  }
}

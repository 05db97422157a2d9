// SPDX-License-Identifier: BSD-3-Clause

/// How a query ends (RFC 1035 section 4.1.1, RFC 6891 section 6.1.3).
enum ResponseCode: UInt16 {
  case none = 0
  case malformed = 1
  case nameError = 3
  case notImplemented = 4
  case refused = 5
  case badVersion = 16
}

/// What a zone has to say to a question, not yet as bytes.
struct Answer {
  struct Entry {
    var name: DomainName
    var set: RecordSet
  }

  var code = ResponseCode.none
  /// AA: this zone decides about the name that was asked for.
  var isAuthoritative = false
  var answers: [Entry] = []
  var authority: [Entry] = []
  var additional: [Entry] = []
  /// Whether the additional records are needed to go on: addresses of a referral (RFC 9471).
  var needsAdditional = false

  init(_ code: ResponseCode = .none) {
    self.code = code
  }
}

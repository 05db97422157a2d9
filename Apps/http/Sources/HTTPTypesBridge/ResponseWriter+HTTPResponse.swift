// SPDX-License-Identifier: BSD-3-Clause

public import HTTPCore
public import HTTPTypes

extension ResponseWriter {
  /// The status line and the fields of `response`; `finish` has to follow.
  ///
  /// Its Content-Length, Transfer-Encoding and Connection are left out, because `finish` says them,
  /// and its reason phrase, because the writer has its own. A status below 100, which is none,
  /// becomes 500.
  @_lifetime(output: copy output)
  public mutating func start(
    _ response: HTTPResponse, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    let code = response.status.code
    let isStatus = (100...999).contains(code)
    start(isStatus ? StatusCode(rawValue: UInt16(code)) : .internalServerError, into: &output)
    for field in response.headerFields {
      if field.name == .contentLength || field.name == .transferEncoding
        || field.name == .connection
      {
        continue
      }
      self.field(field.name.rawName, field.value, into: &output)
    }
  }
}

// SPDX-License-Identifier: BSD-3-Clause

/// A number for a file at the server. The server forgets it with the object.
final class NinePFid {
  let number: UInt32
  private let client: NinePClient

  init(_ number: UInt32, of client: NinePClient) {
    self.number = number
    self.client = client
  }

  deinit {
    client.forget(number)
  }
}

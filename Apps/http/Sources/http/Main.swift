// SPDX-License-Identifier: BSD-3-Clause

import HTTPServer
import Martlet

@main
struct Main {
  static func main() throws(NetworkError) {
    let site = Site()
    let server = try Server(port: 80, limits: ServerLimits(), site: site)
    server.run()
  }
}

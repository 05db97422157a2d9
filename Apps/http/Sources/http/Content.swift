// SPDX-License-Identifier: BSD-3-Clause

import HTTPServer

/// The files, which are part of the program.
enum Content {
  /// All of them; the first is what `/` gives.
  static func files() -> [StaticFile] {
    [
      StaticFile("/index.html", page), StaticFile("/style.css", style),
      StaticFile("/robots.txt", "User-agent: *\nAllow: /\n"),
    ]
  }

  private static var page: StaticString {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Martlet</title>
    <link rel="stylesheet" href="/style.css">
    </head>
    <body>
    <h1>Martlet answers</h1>
    <p>This page comes from a unikernel: a web server in Swift and the few parts of an operating
    system that it uses, in one image of some hundred KiB.</p>
    <ul>
    <li><a href="/api/status">Its state</a>, as JSON</li>
    <li><a href="/api/stream?count=1000">A thousand squares</a>, made while they are sent</li>
    </ul>
    </body>
    </html>

    """
  }

  private static var style: StaticString {
    """
    :root { color-scheme: light dark; }
    body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; }
    h1 { font-weight: 600; }

    """
  }
}

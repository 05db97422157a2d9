import Martlet

@main
struct Main {
  static func main() throws(NetworkError) {
    let listener = try TCPListener(port: 70)
  }
}

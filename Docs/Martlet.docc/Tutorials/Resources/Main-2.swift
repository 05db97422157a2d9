import Martlet

@main
struct Main {
  static func main() throws(NetworkError) {
    let started = Time.now()
    let listener = try TCPListener(port: 70)
    while true {
      var connection = try listener.accept()
      let seconds = (Time.now() - started).count / 1_000_000_000
      do throws(NetworkError) {
        try connection.write("up for \(seconds) s\n")
      } catch {
        // Whoever asked has gone.
      }
    }
  }
}

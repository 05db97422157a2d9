// SPDX-License-Identifier: BSD-3-Clause
// What /proc/net and /sys/class/net tell of this program's own sockets and of the loopback
// interface.

#include "check.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

// ---- Lines ------------------------------------------------------------------------------------

static char line_buffer[512];

// The first line of a file without its end; empty when there is none.
static const char *first_line(const char *path) {
  const char *text = get_file(path);
  size_t length = strcspn(text, "\n");
  if (length >= sizeof line_buffer) length = 0;
  memcpy(line_buffer, text, length);
  line_buffer[length] = 0;
  return line_buffer;
}

// The line in which `part` stands, without its end; empty when there is none.
static const char *line_with(const char *path, const char *part) {
  const char *text = get_file(path);
  const char *place = strstr(text, part);
  line_buffer[0] = 0;
  if (!place) return line_buffer;
  const char *start = place;
  while (start > text && start[-1] != '\n') start--;
  size_t length = strcspn(start, "\n");
  if (length >= sizeof line_buffer) return line_buffer;
  memcpy(line_buffer, start, length);
  line_buffer[length] = 0;
  return line_buffer;
}

static bool begins(const char *line, const char *start) {
  return strncmp(line, start, strlen(start)) == 0;
}

static void heads(void) {
  char target[64] = "";
  check(readlink("/proc/net", target, sizeof target - 1) == 8, "/proc/net is a link");
  check_text(target, "self/net", "to the process's own");
  check_text(first_line("/proc/net/dev"),
             "Inter-|   Receive                                                |  Transmit",
             "dev has its head");
  const char *line = first_line("/proc/net/tcp");
  check(strlen(line) == 149, "the lines of tcp are 149 columns");
  check(begins(line, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt  "
                     " uid  timeout inode   "), "and begin with their names");
  check_text(first_line("/proc/net/tcp6"),
             "  sl  local_address                         remote_address                        st "
             "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
             "those of tcp6 do, too");
  line = first_line("/proc/net/udp");
  check(strlen(line) == 127, "the lines of udp are 127 columns");
  check(begins(line, "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt "
                     "  uid  timeout inode ref pointer drops "), "and begin so");
  check_text(first_line("/proc/net/unix"),
             "Num       RefCount Protocol Flags    Type St Inode Path", "unix has its head");
  line = first_line("/proc/net/route");
  check(strlen(line) == 127 && begins(line, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\t"
                                            "Metric\tMask\t\tMTU\tWindow\tIRTT  "),
        "route has its head");
  check_text(first_line("/proc/net/arp"),
             "IP address       HW type     Flags       HW address            Mask     Device",
             "arp has its head");
  check_text(first_line("/proc/net/netlink"),
             "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    "
             "Inode", "netlink has its head");
  check(begins(get_file("/proc/net/sockstat"), "sockets: used "), "sockstat counts");
  check(begins(get_file("/proc/net/sockstat6"), "TCP6: inuse "), "so does sockstat6");
  check(begins(first_line("/proc/net/raw"), "  sl  local_address"), "raw has its head");
  check(begins(first_line("/proc/net/packet"), "sk "), "so has packet");
}

// Lines of snmp come in twos, names and as many numbers.
static bool comes_in_twos(const char *path) {
  char *rest = NULL, *text = strdup(get_file(path));
  int pairs = 0;
  bool holds = true;
  for (char *names = strtok_r(text, "\n", &rest); names; names = strtok_r(NULL, "\n", &rest)) {
    char *numbers = strtok_r(NULL, "\n", &rest);
    if (!numbers) holds = false;
    else {
      int count = 0;
      for (char *at = names; *at; at++) count += *at == ' ';
      for (char *at = numbers; *at; at++) count -= *at == ' ';
      holds &= count == 0 && strncmp(names, numbers, strcspn(names, ":") + 1) == 0;
      pairs++;
    }
  }
  free(text);
  return holds && pairs > 0;
}

static void counters(void) {
  check(comes_in_twos("/proc/net/snmp"), "snmp has a number for each name");
  check(comes_in_twos("/proc/net/netstat"), "so has netstat");
  const char *lines[] = {"Ip: Forwarding DefaultTTL", "Icmp: InMsgs", "Tcp: RtoAlgorithm RtoMin",
                         "Udp: InDatagrams NoPorts"};
  for (int index = 0; index < 4; index++)
    check(line_with("/proc/net/snmp", lines[index])[0] != 0, "a protocol is there");
  unsigned long long bytes, packets;
  check(sscanf(line_with("/proc/net/dev", " lo:"), " lo: %llu %llu", &bytes, &packets) == 2,
        "dev has lo");
}

// ---- TCP and UDP ------------------------------------------------------------------------------

struct entry {
  unsigned local[4], remote[4], local_port, remote_port, state, sent, received;
  unsigned long inode;
};

// The line of tcp, tcp6, udp or udp6 with this local port and, unless it is 0, this remote one.
static bool find(const char *path, unsigned local_port, unsigned remote_port, struct entry *found) {
  char *rest = NULL, *text = strdup(get_file(path));
  bool has_long = path[strlen(path) - 1] == '6', is_there = false;
  strtok_r(text, "\n", &rest);
  for (char *line; !is_there && (line = strtok_r(NULL, "\n", &rest));) {
    struct entry entry = {0};
    unsigned *local = entry.local, *remote = entry.remote;
    int count = has_long
      ? sscanf(line, " %*d: %8x%8x%8x%8x:%x %8x%8x%8x%8x:%x %x %x:%x %*s %*s %*u %*u %lu", local,
               local + 1, local + 2, local + 3, &entry.local_port, remote, remote + 1, remote + 2,
               remote + 3, &entry.remote_port, &entry.state, &entry.sent, &entry.received,
               &entry.inode)
      : sscanf(line, " %*d: %8x:%x %8x:%x %x %x:%x %*s %*s %*u %*u %lu", local, &entry.local_port,
               remote, &entry.remote_port, &entry.state, &entry.sent, &entry.received,
               &entry.inode);
    if (count != (has_long ? 14 : 8) || entry.local_port != local_port) continue;
    if (remote_port != 0 && entry.remote_port != remote_port) continue;
    is_there = true;
    *found = entry;
  }
  free(text);
  return is_there;
}

static unsigned long inode_of(int file) {
  struct stat s;
  return fstat(file, &s) == 0 ? s.st_ino : 0;
}

static unsigned port_of(int file) {
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  getsockname(file, (void *)&address, &length);
  return ntohs(address.sin6_port);
}

static void streams(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (void *)&address, sizeof address);
  listen(listener, 7);
  unsigned port = port_of(listener);
  address.sin_port = htons((unsigned short)port);
  struct entry entry = {0};
  bool found = find("/proc/net/tcp", port, 0, &entry);
  check(found && entry.state == 0x0a, "a listener is in tcp");
  check(entry.local[0] == htonl(INADDR_LOOPBACK) && entry.remote[0] == 0 && entry.remote_port == 0,
        "with its address");
  check(entry.inode == inode_of(listener), "and its inode");
  check(!find("/proc/net/tcp6", port, 0, &entry), "and in no other file");
  check_equal(connect(client, (void *)&address, sizeof address), 0, "it takes a connection");
  unsigned other = port_of(client);
  find("/proc/net/tcp", port, 0, &entry);
  check_equal(entry.received, 1, "which waits there");
  int served = accept(listener, NULL, NULL);
  found = find("/proc/net/tcp", other, port, &entry);
  check(found && entry.state == 1 && entry.inode == inode_of(client), "one end is there");
  check_equal(write(client, "hello", 5), 5, "it sends");
  found = find("/proc/net/tcp", port, other, &entry);
  check(found && entry.state == 1 && entry.inode == inode_of(served), "the other end is there");
  check_equal(entry.received, 5, "and its bytes wait");
  shutdown(client, SHUT_WR);
  found = find("/proc/net/tcp", other, port, &entry);
  // Whether its end has been acknowledged is a matter of time.
  bool waits = found && (entry.state == 4 || entry.state == 5);
  check(waits, "one that has ended waits for the other's end");
  found = find("/proc/net/tcp", port, other, &entry);
  check(found && entry.state == 8, "whom the program has to close");
  char buffer[8];
  check_equal(read(served, buffer, sizeof buffer), 5, "the bytes are read");
  close(served);
  found = find("/proc/net/tcp", other, port, &entry);
  check(found && entry.state == 6 && entry.inode == 0, "and then some time is waited");
  close(client);
  close(listener);
  check(!find("/proc/net/tcp", port, 0, &entry) || entry.state != 0x0a, "a listener goes");
}

static void streams6(void) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6};
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (void *)&address, sizeof address);
  listen(listener, 1);
  unsigned port = port_of(listener);
  struct entry entry = {0};
  bool found = find("/proc/net/tcp6", port, 0, &entry);
  check(found && entry.state == 0x0a && entry.inode == inode_of(listener),
        "a listener of IPv6 is in tcp6");
  target.sin_port = htons((unsigned short)port);
  connect(client, (void *)&target, sizeof target);
  int served = accept(listener, NULL, NULL);
  found = find("/proc/net/tcp6", port, port_of(client), &entry);
  check(found && entry.state == 1 && entry.inode == inode_of(served),
        "so are its connections by IPv4");
  check(entry.local[2] == htonl(0xffff) && entry.local[3] == htonl(INADDR_LOOPBACK),
        "with mapped addresses");
  close(served);
  close(client);
  close(listener);
}

static void datagrams(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int file = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
  bind(file, (void *)&address, sizeof address);
  unsigned port = port_of(file);
  address.sin_port = htons((unsigned short)port);
  struct entry entry = {0};
  bool found = find("/proc/net/udp", port, 0, &entry);
  check(found && entry.state == 7 && entry.inode == inode_of(file), "a bound socket is in udp");
  check(entry.local[0] == htonl(INADDR_LOOPBACK) && entry.received == 0, "with nothing to read");
  connect(other, (void *)&address, sizeof address);
  found = find("/proc/net/udp", port_of(other), port, &entry);
  check(found && entry.state == 1, "a connected one, too");
  check_equal(send(other, "x", 1, 0), 1, "it sends");
  check(find("/proc/net/udp", port, 0, &entry) && entry.received > 0, "which waits there");
  close(other);
  close(file);
  check(!find("/proc/net/udp", port, 0, &entry), "a closed one is gone");
  struct sockaddr_in6 address6 = {.sin6_family = AF_INET6};
  file = socket(AF_INET6, SOCK_DGRAM, 0);
  bind(file, (void *)&address6, sizeof address6);
  port = port_of(file);
  check(find("/proc/net/udp6", port, 0, &entry) && entry.inode == inode_of(file),
        "one of IPv6 is in udp6");
  check(!find("/proc/net/udp", port, 0, &entry), "and in no other file");
  close(file);
}

// ---- Local sockets and netlink ----------------------------------------------------------------

// Whether unix has a line with this inode that goes on so.
static bool has_local(int file, const char *flags, const char *rest) {
  char text[256];
  const char *path = "/proc/net/unix";
  snprintf(text, sizeof text, " %s %5lu%s\n", flags, inode_of(file), rest);
  return strstr(get_file(path), text) != NULL;
}

static void locals(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "named.socket"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  check(has_local(client, "00000000 0001 01", ""), "a local socket is in unix");
  bind(listener, (void *)&address, sizeof address);
  check(has_local(listener, "00000000 0001 01", " named.socket"), "with its name");
  listen(listener, 1);
  check(has_local(listener, "00010000 0001 01", " named.socket"), "and whether it listens");
  connect(client, (void *)&address, sizeof address);
  check(has_local(client, "00000000 0001 03", ""), "and whether it is connected");
  int abstract = socket(AF_UNIX, SOCK_DGRAM, 0);
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, "\0martlet.proc_net", 17);
  bind(abstract, (void *)&address, (socklen_t)offsetof(struct sockaddr_un, sun_path) + 17);
  check(has_local(abstract, "00000000 0002 01", " @martlet.proc_net"), "abstract names have an @");
  close(abstract);
  close(client);
  unsigned long inode = inode_of(listener);
  close(listener);
  char text[64];
  snprintf(text, sizeof text, " %5lu named.socket\n", inode);
  check(!strstr(get_file("/proc/net/unix"), text), "a closed one is gone");
  unlink("named.socket");
}

static void netlinks(void) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 0x51};
  int file = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  bind(file, (void *)&address, sizeof address);
  char text[128];
  snprintf(text, sizeof text,
           " 0   %-10d 00000051 0        0        0     2        0        %-8lu\n", getpid(),
           inode_of(file));
  check(strstr(get_file("/proc/net/netlink"), text) != NULL, "a netlink socket is in netlink");
  close(file);
  check(!strstr(get_file("/proc/net/netlink"), text), "and gone when it is closed");
}

// ---- Interfaces -------------------------------------------------------------------------------

static void interfaces(void) {
  check_text(line_with("/proc/net/if_inet6", "00000000000000000000000000000001"),
             "00000000000000000000000000000001 01 80 10 80       lo", "if_inet6 has lo");
  static const char *files[][2] = {
    {"address", "00:00:00:00:00:00\n"}, {"broadcast", "00:00:00:00:00:00\n"}, {"mtu", "65536\n"},
    {"ifindex", "1\n"}, {"iflink", "1\n"}, {"operstate", "unknown\n"}, {"type", "772\n"},
    {"flags", "0x9\n"}, {"carrier", "1\n"}, {"addr_len", "6\n"}, {"tx_queue_len", "1000\n"},
    {"uevent", "INTERFACE=lo\nIFINDEX=1\n"}, {"statistics/rx_errors", "0\n"},
  };
  for (unsigned index = 0; index < sizeof files / sizeof *files; index++) {
    char path[64];
    snprintf(path, sizeof path, "/sys/class/net/lo/%s", files[index][0]);
    check_text(get_file(path), files[index][1], files[index][0]);
  }
  const char *count = get_file("/sys/class/net/lo/statistics/rx_bytes");
  check(count[0] && strspn(count, "0123456789") == strlen(count) - 1, "bytes are counted");
  check_error(access("/sys/class/net/nowhere", F_OK), ENOENT, "there is no other");
}

int main(void) {
  scratch_enter();
  heads();
  counters();
  streams();
  streams6();
  datagrams();
  locals();
  netlinks();
  interfaces();
  return finish();
}

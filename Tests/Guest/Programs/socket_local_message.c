// SPDX-License-Identifier: BSD-3-Clause
// Local datagrams and packets: boundaries, addresses, connections, ends, room, readiness.

#include "check.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)

static struct sockaddr_un address, found;
static socklen_t length;
static char buffer[300000];

static void aim(const char *path) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, path);
}

static int named(const char *path, int type) {
  aim(path);
  int s = socket(AF_UNIX, type, 0);
  if (bind(s, (void *)&address, sizeof address) != 0) perror(path);
  return s;
}

static int ready(int file) {
  struct pollfd entry = {file, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
  poll(&entry, 1, 0);
  return entry.revents;
}

static long from(int file, int flags) {
  length = sizeof found;
  memset(&found, 0, sizeof found);
  return recvfrom(file, buffer, 3, flags, (void *)&found, &length);
}

static void datagrams(void) {
  int a = named("a", SOCK_DGRAM), b = named("b", SOCK_DGRAM), nameless;
  nameless = socket(AF_UNIX, SOCK_DGRAM, 0);
  check_equal(ready(a), POLLOUT, "datagrams can be sent at once");
  check_error(send(a, "x", 1, 0), ENOTCONN, "but to somebody");
  check_equal(sendto(a, "first", 5, 0, (void *)&address, sizeof address), 5, "who has a name");
  check_equal(sendto(nameless, "", 0, 0, (void *)&address, sizeof address), 0, "even nothing");
  check_equal(ready(b), POLLIN | POLLOUT, "it waits");
  int count;
  check(ioctl(b, FIONREAD, &count) == 0 && count == 5, "the first one counts");
  check_equal(from(b, MSG_PEEK | MSG_TRUNC), 5, "it can be looked at");
  check_equal(from(b, 0), 3, "the rest is cut");
  check(length == NAME_OFFSET + 2 && !strcmp(found.sun_path, "a"), "the sender is known");
  check_equal(from(b, 0), 0, "nothing comes");
  check_equal(length, 0, "from nobody");
  check_error(from(b, MSG_DONTWAIT), EAGAIN, "no more");
  aim("none");
  check_error(sendto(a, "x", 1, 0, (void *)&address, sizeof address), ENOENT, "no such name");
  check_error(listen(a, 1), EOPNOTSUPP, "datagrams do not listen");
  check_error(accept(a, NULL, NULL), EOPNOTSUPP, "nor accept");

  aim("b");
  check_equal(connect(a, (void *)&address, sizeof address), 0, "one can be connected");
  length = sizeof found;
  check_equal(getpeername(a, (void *)&found, &length), 0, "and knows its peer");
  check_equal(length, NAME_OFFSET + 2, "by name");
  check_equal(send(a, "second", 6, 0), 6, "it needs no address");
  check_equal(from(b, MSG_TRUNC), 6, "it comes");
  aim("a");
  check_equal(sendto(b, "x", 1, 0, (void *)&address, sizeof address), 1, "its peer can answer");
  check_error(sendto(nameless, "x", 1, 0, (void *)&address, sizeof address), EPERM,
              "strangers cannot");
  address.sun_family = AF_UNSPEC;
  check_equal(connect(a, (void *)&address, sizeof address), 0, "it can be dissolved");
  check_error(from(a, MSG_DONTWAIT), EAGAIN, "with what has come");
  check_error(send(a, "x", 1, 0), ENOTCONN, "and has no peer");
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  aim("a");
  check_error(connect(stream, (void *)&address, sizeof address), EPROTOTYPE, "types must fit");
  close(stream);
  close(nameless);
  close(a);
  close(b);
}

static void ends(void) {
  int pair[2];
  check_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0, "a pair");
  struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
  check_equal(writev(pair[0], parts, 2), 4, "parts are one datagram");
  check_equal(read(pair[1], buffer, sizeof buffer), 4, "that comes whole");
  check_equal(write(pair[0], "", 0), 0, "an empty one");
  check_equal(ready(pair[1]), POLLIN | POLLOUT, "is something");
  check_equal(read(pair[1], buffer, 1), 0, "to read");
  check_equal(shutdown(pair[0], SHUT_WR), 0, "who does not send");
  check_error(send(pair[0], "x", 1, 0), EPIPE, "cannot");
  check_equal(ready(pair[1]), POLLOUT, "which is nobody else's matter");
  check_equal(shutdown(pair[1], SHUT_RD), 0, "who does not read");
  check_equal(ready(pair[1]), POLLIN | POLLOUT | POLLRDHUP, "is at the end");
  check_equal(read(pair[1], buffer, 1), 0, "and reads nothing");
  close(pair[0]);
  check_equal(ready(pair[1]), POLLIN | POLLOUT | POLLRDHUP, "a peer can go");
  check_error(send(pair[1], "x", 1, 0), ECONNREFUSED, "which is told when one sends");
  check_error(send(pair[1], "x", 1, 0), ENOTCONN, "and then forgotten");
  close(pair[1]);
}

static void room(void) {
  int a = named("few", SOCK_DGRAM), b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  connect(b, (void *)&address, sizeof address);
  long sent = 0;
  while (send(b, "x", 1, 0) == 1) sent++;
  check(errno == EAGAIN && sent >= 10 && sent < 2000, "few datagrams wait");
  check_equal(ready(b), 0, "then there is no room");
  for (long got = 0; got < sent; got++) read(a, buffer, 1);
  check_equal(ready(b), POLLOUT, "until they are read");
  check_error(send(b, buffer, 290000, 0), EMSGSIZE, "one can be too long");
  int size = 10000;
  setsockopt(b, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  length = sizeof size;
  getsockopt(b, SOL_SOCKET, SO_SNDBUF, &size, &length);
  check_equal(size, 20000, "the limit can be set");
  check_error(send(b, buffer, 19990, 0), EMSGSIZE, "and holds");
  check_equal(send(b, buffer, 15000, 0), 15000, "less goes");
  close(a);
  close(b);
}

static void packets(void) {
  int listener = named("packets", SOCK_SEQPACKET), client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  check_equal(ready(client), POLLOUT | POLLHUP, "what is not connected hangs");
  check_error(send(client, "x", 1, 0), ENOTCONN, "and sends nothing");
  check_error(recv(client, buffer, 1, 0), ENOTCONN, "nor receives");
  check_equal(listen(listener, 2), 0, "one listens");
  check_equal(connect(client, (void *)&address, sizeof address), 0, "one connects");
  int served = accept(listener, NULL, NULL);
  check_equal(write(client, "one", 3), 3, "a packet");
  check_equal(write(client, "two more", 8), 8, "and another");
  struct iovec part = {buffer, 2};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  check_equal(recvmsg(served, &message, 0), 2, "stay apart");
  check_equal(message.msg_flags & MSG_TRUNC, MSG_TRUNC, "what is cut is told");
  part.iov_len = sizeof buffer;
  check_equal(recvmsg(served, &message, MSG_TRUNC), 8, "the next one");
  check_equal(message.msg_flags & MSG_TRUNC, 0, "is whole");
  write(client, "last", 4);
  close(client);
  check_equal(ready(served), POLLIN | POLLOUT | POLLRDHUP | POLLHUP, "the end is seen");
  check_equal(recv(served, buffer, 10, 0), 4, "after what was sent");
  check_equal(recv(served, buffer, 10, MSG_DONTWAIT), 0, "comes the end");
  check_error(send(served, "x", 1, 0), EPIPE, "nobody reads");
  close(served);
  close(listener);
}

static void many(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  struct iovec parts[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
  struct mmsghdr messages[3];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < 3; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  check_equal(sendmmsg(pair[0], messages, 3, 0), 3, "three at once");
  check_equal(messages[2].msg_len, 3, "of such lengths");
  char text[3][8];
  for (int i = 0; i < 3; i++) {
    parts[i] = (struct iovec){text[i], 8};
    messages[i].msg_len = 0;
  }
  check_equal(recvmmsg(pair[1], messages, 3, MSG_WAITFORONE, NULL), 3, "come at once");
  check(messages[0].msg_len == 1 && messages[1].msg_len == 2, "as they were");
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  signal(SIGPIPE, SIG_DFL);  // Only streams raise it.
  scratch_enter();
  datagrams();
  ends();
  room();
  packets();
  many();
  return finish();
}

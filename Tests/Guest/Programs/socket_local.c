// SPDX-License-Identifier: BSD-3-Clause
// Local sockets: names, streams, datagrams, packets, files that are passed, readiness.

#include "check.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t name_of(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return sizeof *address;
}

static void streams(void) {
  struct sockaddr_un address, peer;
  socklen_t length = name_of(&address, "stream.socket");
  unlink(address.sun_path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  check_error(listen(listener, 1), EINVAL, "what has no name cannot listen");
  int early = socket(AF_UNIX, SOCK_STREAM, 0);
  check_error(connect(early, (void *)&address, length), ENOENT, "a name that is not there");
  check_equal(bind(listener, (void *)&address, length), 0, "a name can be bound");
  check_error(connect(early, (void *)&address, length), ECONNREFUSED, "nobody listens yet");
  struct stat s;
  check(stat(address.sun_path, &s) == 0 && S_ISSOCK(s.st_mode), "it is a file of its own kind");
  int other = socket(AF_UNIX, SOCK_STREAM, 0);
  check_error(bind(other, (void *)&address, length), EADDRINUSE, "it is bound once");
  check_equal(listen(listener, 5), 0, "it listens");
  check_equal(connect(early, (void *)&address, length), 0, "it takes connections");
  struct pollfd waiting = {listener, POLLIN, 0};
  check(poll(&waiting, 1, 0) == 1 && waiting.revents == POLLIN, "one waits");
  length = sizeof peer;
  int served = accept4(listener, (void *)&peer, &length, SOCK_CLOEXEC);
  check(served >= 0 && length == sizeof(sa_family_t), "the peer has no name");
  length = sizeof peer;
  check_equal(getpeername(early, (void *)&peer, &length), 0, "the listener has");
  check_text(peer.sun_path, "stream.socket", "its own");
  check_equal(write(early, "hello", 5), 5, "bytes go");
  check_equal(write(early, "again", 5), 5, "twice");
  char buffer[64] = "";
  check_equal(recv(served, buffer, 3, MSG_PEEK), 3, "and can be looked at");
  check_equal(read(served, buffer, sizeof buffer), 10, "and come together");
  int waits;
  check(ioctl(served, FIONREAD, &waits) == 0 && waits == 0, "nothing is left");
  check_error(recv(served, buffer, 1, MSG_DONTWAIT), EAGAIN, "so nothing can be read");
  shutdown(early, SHUT_WR);
  check_equal(read(served, buffer, 1), 0, "one side ends");
  check_equal(write(served, "x", 1), 1, "the other goes on");
  close(early);
  check_error(send(served, "x", 1, MSG_NOSIGNAL), EPIPE, "until nobody reads");
  close(served);
  close(listener);
  check_error(connect(other, (void *)&address, sizeof address), ECONNREFUSED, "the file stays");
  unlink(address.sun_path);
}

static void datagrams(void) {
  struct sockaddr_un one, two, from;
  socklen_t length = name_of(&one, "one.socket");
  name_of(&two, "two.socket");
  unlink(one.sun_path);
  unlink(two.sun_path);
  int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
  bind(a, (void *)&one, length);
  bind(b, (void *)&two, length);
  check_equal(sendto(a, "first", 5, 0, (void *)&two, length), 5, "datagrams go to names");
  check_equal(sendto(a, "", 0, 0, (void *)&two, length), 0, "empty ones too");
  char buffer[64] = "";
  length = sizeof from;
  check_equal(recvfrom(b, buffer, 3, MSG_TRUNC, (void *)&from, &length), 5, "the rest is cut off");
  check_text(from.sun_path, "one.socket", "the sender is known");
  check_equal(recv(b, buffer, sizeof buffer, 0), 0, "the empty one comes");
  check_equal(connect(a, (void *)&two, sizeof two), 0, "one can be connected");
  check_equal(send(a, "more", 4, 0), 4, "and then needs no address");
  check_equal(recv(b, buffer, sizeof buffer, 0), 4, "it comes");
  close(b);
  check_error(send(a, "x", 1, 0), ECONNREFUSED, "nobody is there");
  close(a);
  unlink(one.sun_path);
  unlink(two.sun_path);
}

static void packets_and_files(void) {
  int pair[2];
  check_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0, "packets come in pairs");
  write(pair[0], "one", 3);
  write(pair[0], "three", 5);
  char buffer[64];
  check_equal(read(pair[1], buffer, sizeof buffer), 3, "a packet stays one");
  check_equal(read(pair[1], buffer, 2), 2, "a long one is cut");

  int tube[2];
  check_equal(pipe(tube), 0, "a pipe");
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {"F", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &tube[1], sizeof(int));
  check_equal(sendmsg(pair[0], &message, 0), 1, "a file is sent along");
  close(tube[1]);
  memset(control, 0, sizeof control);
  char byte;
  part = (struct iovec){&byte, 1};
  message.msg_controllen = sizeof control;
  check_equal(recvmsg(pair[1], &message, 0), 1, "and comes");
  header = CMSG_FIRSTHDR(&message);
  check(header && header->cmsg_type == SCM_RIGHTS, "as a descriptor");
  int passed;
  memcpy(&passed, CMSG_DATA(header), sizeof(int));
  check_equal(write(passed, "through", 7), 7, "that works");
  check_equal(read(tube[0], buffer, sizeof buffer), 7, "all the way");
  close(passed);
  check_equal(read(tube[0], buffer, sizeof buffer), 0, "and was the last one");
  close(tube[0]);

  int on = 1;
  setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  write(pair[0], "who", 3);
  char credentials[CMSG_SPACE(12)];
  message.msg_control = credentials;
  message.msg_controllen = sizeof credentials;
  check_equal(recvmsg(pair[1], &message, 0), 1, "credentials come along");
  check((message.msg_flags & MSG_TRUNC) != 0, "what is cut off is told");
  header = CMSG_FIRSTHDR(&message);
  check(header && header->cmsg_type == 2 && header->cmsg_len == CMSG_LEN(12), "when asked for");
  close(pair[0]);
  check_equal(read(pair[1], buffer, 1), 0, "the end");
  struct pollfd ended = {pair[1], POLLIN, 0};
  check(poll(&ended, 1, 0) == 1 && ended.revents == (POLLIN | POLLHUP), "is told as such");
  close(pair[1]);
}

static void abstract_names(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX}, found;
  int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(bind(a, (void *)&address, sizeof(sa_family_t)), 0, "a name can be found for one");
  socklen_t length = sizeof found;
  getsockname(a, (void *)&found, &length);
  check(length == sizeof(sa_family_t) + 6 && found.sun_path[0] == 0, "of five digits");
  listen(a, 1);
  check_equal(connect(b, (void *)&found, length), 0, "that others can use");
  check_error(connect(b, (void *)&found, length), EISCONN, "once");
  close(a);
  close(b);
}

static void full_streams(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  static char block[65536];
  long sent = 0, count;
  while ((count = write(pair[0], block, sizeof block)) > 0) sent += count;
  check(errno == EAGAIN && sent > 65536, "a stream fills");
  struct pollfd room = {pair[0], POLLOUT, 0};
  check_equal(poll(&room, 1, 0), 0, "and has no room");
  long got = 0;
  while ((count = read(pair[1], block, sizeof block)) > 0) got += count;
  check_equal(got, sent, "all of it comes");
  check_equal(poll(&room, 1, 0), 1, "then there is room");
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  streams();
  datagrams();
  packets_and_files();
  abstract_names();
  full_streams();
  return finish();
}

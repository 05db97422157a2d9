// SPDX-License-Identifier: BSD-3-Clause
// Local streams: names and their lengths, connecting, ends, errors, waiting, readiness.

#include "check.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)

static struct sockaddr_un address, found;
static socklen_t length;

static int named(const char *path) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, path);
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(s, (void *)&address, sizeof address) != 0) perror(path);
  return s;
}

static int ready(int file) {
  struct pollfd entry = {file, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
  poll(&entry, 1, 0);
  return entry.revents;
}

static int ask(int file, void *name, int peer) {
  length = sizeof found;
  memset(&found, 'x', sizeof found);
  return peer ? getpeername(file, name, &length) : getsockname(file, name, &length);
}

static void names(void) {
  umask(027);
  int s = named("one");
  struct stat information;
  stat("one", &information);
  check(information.st_mode == (S_IFSOCK | 0750), "the name's mode is cut by the mask");
  check_equal(ask(s, &found, 0), 0, "it can be asked for");
  check_equal(length, NAME_OFFSET + 4, "its length counts the zero byte");
  check_text(found.sun_path, "one", "it is what it was");
  length = 4;
  struct sockaddr_un cut;
  memset(&cut, 0, sizeof cut);
  check_equal(getsockname(s, (void *)&cut, &length), 0, "it can be cut");
  check(length == NAME_OFFSET + 4 && cut.sun_path[2] == 0, "and the length is the whole one");
  address.sun_path[0] = 'X';
  check_error(bind(s, (void *)&address, sizeof address), EINVAL, "a socket is bound once");
  unlink("Xne");
  check_error(open("one", O_RDWR), ENXIO, "the file cannot be opened");
  close(s);
  check_equal(access("one", F_OK), 0, "the file stays");
  s = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(address.sun_path, "one");
  check_error(bind(s, (void *)&address, sizeof address), EADDRINUSE, "and is in the way");
  check_error(connect(s, (void *)&address, sizeof address), ECONNREFUSED, "nobody is there");
  put_file("plain", "x");
  strcpy(address.sun_path, "plain");
  check_error(connect(s, (void *)&address, sizeof address), ECONNREFUSED, "nor in a plain file");
  strcpy(address.sun_path, "gone");
  check_error(connect(s, (void *)&address, sizeof address), ENOENT, "nor where nothing is");
  strcpy(address.sun_path, "no/where");
  check_error(bind(s, (void *)&address, sizeof address), ENOENT, "a folder must be there");
  address.sun_family = AF_INET;
  check_error(bind(s, (void *)&address, sizeof address), EINVAL, "families must fit");
  address.sun_family = AF_UNIX;
  check_error(bind(s, (void *)&address, 1), EINVAL, "too short");
  check_error(bind(s, (void *)&address, 111), EINVAL, "too long");
  check_error(connect(s, (void *)&address, NAME_OFFSET), EINVAL, "no name to connect to");
  check_equal(ask(s, &found, 0), 0, "no name can be asked for");
  check(length == NAME_OFFSET && found.sun_family == AF_UNIX, "it is a family only");
  check_error(ask(s, &found, 1), ENOTCONN, "the peer has none");
  close(s);
  memset(address.sun_path, 'n', 108);
  s = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(bind(s, (void *)&address, NAME_OFFSET + 108), 0, "a name may fill all");
  struct { struct sockaddr_un name; char more; } large;
  length = sizeof large;
  getsockname(s, (void *)&large, &length);
  check_equal(length, NAME_OFFSET + 109, "its length is more than the structure's");
  close(s);
  umask(022);
}

static void abstract_names(void) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, "\0martlet\0test", 13);
  int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(bind(a, (void *)&address, NAME_OFFSET + 13), 0, "a name in no file system");
  check_error(bind(b, (void *)&address, NAME_OFFSET + 13), EADDRINUSE, "is had once");
  check_equal(bind(b, (void *)&address, NAME_OFFSET + 12), 0, "a shorter one is another");
  ask(a, &found, 0);
  check(length == NAME_OFFSET + 13 && !memcmp(found.sun_path, address.sun_path, 13), "as it was");
  close(a);
  a = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(bind(a, (void *)&address, NAME_OFFSET + 13), 0, "it goes with its socket");
  close(a);
  close(b);
  a = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(bind(a, (void *)&address, sizeof(sa_family_t)), 0, "the kernel finds one");
  ask(a, &found, 0);
  bool digits = length == NAME_OFFSET + 6;
  for (int i = 1; i < 6; i++) digits = digits && strchr("0123456789abcdef", found.sun_path[i]);
  check(digits && found.sun_path[0] == 0, "of five digits");
  check_equal(bind(a, (void *)&address, sizeof(sa_family_t)), 0, "and has it");
  close(a);
}

static void connecting(void) {
  int listener = named("listen"), client = socket(AF_UNIX, SOCK_STREAM, 0);
  check_equal(ready(client), POLLOUT | POLLHUP, "what is not connected hangs");
  check_error(connect(client, (void *)&address, sizeof address), ECONNREFUSED, "not yet");
  check_error(accept(listener, NULL, NULL), EINVAL, "nothing can be accepted");
  check_equal(listen(listener, 0), 0, "it listens");
  check_equal(ready(listener), 0, "and is not ready");
  int on = 0;
  length = sizeof on;
  check(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 && on == 1, "it says so");
  check_equal(connect(client, (void *)&address, sizeof address), 0, "one connects");
  check_equal(ready(client), POLLOUT, "and can write at once");
  check_equal(ready(listener), POLLIN, "somebody waits");
  int late = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  check_error(connect(late, (void *)&address, sizeof address), EAGAIN, "there is no room for two");
  int served = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  check_equal(fcntl(served, F_GETFL), O_RDWR | O_NONBLOCK, "it can be accepted with flags");
  check_error(connect(client, (void *)&address, sizeof address), EISCONN, "and is connected");
  check_error(listen(client, 1), EINVAL, "what is connected cannot listen");
  check_equal(connect(late, (void *)&address, sizeof address), 0, "now there is room");
  check_error(read(listener, &on, 1), EINVAL, "a listener has no bytes");
  int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  check_error(connect(packets, (void *)&address, sizeof address), EPROTOTYPE, "types must fit");
  close(packets);
  close(late);
  close(served);
  close(client);
  close(listener);
}

static void ends(void) {
  int listener = named("ends"), client = socket(AF_UNIX, SOCK_STREAM, 0);
  listen(listener, 5);
  connect(client, (void *)&address, sizeof address);
  check_equal(write(client, "early", 5), 5, "bytes go before anybody accepts");
  length = sizeof found;
  int served = accept(listener, (void *)&found, &length);
  check_equal(length, NAME_OFFSET, "a peer without a name");
  check_equal(ask(served, &found, 0), 0, "the one that serves");
  check_text(found.sun_path, "ends", "has the listener's name");
  check_equal(ready(served), POLLIN | POLLOUT, "it can be read");
  char buffer[64];
  int count;
  check(ioctl(served, FIONREAD, &count) == 0 && count == 5, "so many bytes");
  check_equal(recv(served, buffer, 2, MSG_PEEK | MSG_TRUNC), 2, "looking takes nothing");
  check_equal(recv(served, buffer, sizeof buffer, 0), 5, "all of it comes");
  check_error(recv(served, buffer, 1, MSG_DONTWAIT), EAGAIN, "no more");
  check_equal(shutdown(client, SHUT_WR), 0, "one side ends");
  check_equal(ready(served), POLLIN | POLLOUT | POLLRDHUP, "which is seen");
  check_equal(ready(client), POLLOUT, "the other side is as it was");
  check_equal(read(served, buffer, 1), 0, "as an end");
  check_error(send(client, "x", 1, MSG_NOSIGNAL), EPIPE, "no more is sent");
  check_equal(write(served, "back", 4), 4, "but comes back");
  check_equal(read(client, buffer, sizeof buffer), 4, "whole");
  check_equal(shutdown(served, SHUT_WR), 0, "the other side ends");
  check_equal(ready(client), POLLIN | POLLOUT | POLLRDHUP | POLLHUP, "all has ended");
  close(served);
  check_equal(ask(client, &found, 1), 0, "the peer that has gone");
  check_text(found.sun_path, "ends", "still has a name");
  close(client);

  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  check_equal(shutdown(pair[0], SHUT_RD), 0, "who does not read");
  check_equal(ready(pair[0]), POLLIN | POLLOUT | POLLRDHUP, "is at the end");
  check_error(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE, "cannot be written to");
  close(pair[0]);
  close(pair[1]);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  write(pair[0], "unread", 6);
  write(pair[1], "seen", 4);
  close(pair[0]);
  check_equal(ready(pair[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR, "a reset");
  check_equal(read(pair[1], buffer, sizeof buffer), 6, "what came before can be read");
  close(pair[1]);
  int fresh = socket(AF_UNIX, SOCK_STREAM, 0);
  check_error(read(fresh, buffer, 1), EINVAL, "who is not connected cannot read");
  check_error(send(fresh, "x", 1, 0), ENOTCONN, "nor send");
  check_error(sendto(fresh, "x", 1, 0, (void *)&address, sizeof address), EOPNOTSUPP, "to nobody");
  check_equal(shutdown(fresh, SHUT_RDWR), 0, "but end");
  check_error(shutdown(fresh, 7), EINVAL, "in three ways");
  close(fresh);
  client = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(client, (void *)&address, sizeof address);
  close(listener);
  check_error(read(client, buffer, 1), ECONNRESET, "who was not accepted is told");
  check_equal(read(client, buffer, 1), 0, "once");
  close(client);
}

static void options(void) {
  int pair[2], value;
  check_error(socketpair(AF_UNIX, SOCK_RDM, 0, pair), ESOCKTNOSUPPORT, "types that are not there");
  check_error(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT, "protocols neither");
  check_error(socketpair(AF_INET, SOCK_STREAM, 0, pair), EOPNOTSUPP, "pairs are local");
  value = socket(AF_UNIX, SOCK_RAW, 0);
  int type;
  length = sizeof type;
  getsockopt(value, SOL_SOCKET, SO_TYPE, &type, &length);
  check_equal(type, SOCK_DGRAM, "raw means datagrams");
  close(value);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, PF_UNIX, pair);
  check_equal(fcntl(pair[0], F_GETFL), O_RDWR | O_NONBLOCK, "flags are set");
  check_equal(fcntl(pair[1], F_GETFD), FD_CLOEXEC, "on both");
  char text[256];
  length = sizeof text;
  check_error(getsockopt(pair[0], SOL_SOCKET, 9999, text, &length), ENOPROTOOPT, "no such option");
  check_error(setsockopt(pair[0], IPPROTO_TCP, 1, &value, 4), EOPNOTSUPP, "it is no TCP");
  check_equal(sendto(pair[0], "x", 1, MSG_DONTWAIT, NULL, 0), 1, "no address");
  check_error(sendto(pair[0], "x", 1, 0, (void *)&address, sizeof address), EISCONN, "or an error");
  check_error(lseek(pair[0], 0, SEEK_SET), ESPIPE, "no place");
  check_error(pread(pair[0], text, 1, 0), ESPIPE, "to read from");
  struct stat information;
  fstat(pair[0], &information);
  check(S_ISSOCK(information.st_mode), "it is a socket");
  check_equal(read(pair[1], text, 0), 0, "nothing can be read");
  check_equal(write(pair[1], text, 0), 0, "and written");
  close(pair[0]);
  close(pair[1]);
}

static int tube[2];
static char block[300000];

static void *write_much(void *result) {
  for (size_t i = 0; i < sizeof block; i++) block[i] = (char)(i * 7 + i / 251);
  *(long *)result = send(tube[0], block, sizeof block, 0);
  return NULL;
}

static void waiting(void) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, tube);
  pthread_t thread;
  long sent = 0;
  pthread_create(&thread, NULL, write_much, &sent);
  static char copy[sizeof block];
  check_equal(recv(tube[1], copy, sizeof copy, MSG_WAITALL), sizeof copy, "all is waited for");
  pthread_join(thread, NULL);
  check(sent == sizeof block && !memcmp(copy, block, sizeof copy), "and is what was sent");
  struct iovec parts[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  check_equal(writev(tube[0], parts, 3), 5, "parts go together");
  char one[4], two[4];
  struct iovec targets[2] = {{one, 4}, {two, 4}};
  check(readv(tube[1], targets, 2) == 5 && !memcmp(one, "abcd", 4) && two[0] == 'e', "and come");
  struct timeval limit = {0, 20000};
  setsockopt(tube[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  int64_t before = now();
  check_error(read(tube[1], one, 1), EAGAIN, "waiting has a limit");
  check(now() - before >= 15 * MILLISECOND, "of so long");
  fcntl(tube[0], F_SETFL, O_NONBLOCK);
  long total = 0, count;
  while ((count = write(tube[0], block, 10000)) > 0) total += count;
  check(count == -1 && errno == EAGAIN && total >= 60000, "a stream fills");
  check_equal(ready(tube[0]), 0, "and has no room");
  int queued;
  check(ioctl(tube[1], FIONREAD, &queued) == 0 && queued == total, "so much waits");
  check(ioctl(tube[0], SIOCOUTQ, &queued) == 0 && queued > 0, "on both sides");
  check_equal(read(tube[1], block, 1000), 1000, "a little taken");
  check_equal(ready(tube[0]), 0, "is not enough room");
  while (total > 1000) total -= read(tube[1], block, sizeof block);
  check_equal(ready(tube[0]), POLLOUT, "all of it is");
  close(tube[0]);
  close(tube[1]);
}

static void edges(void) {
  int pair[2], set = epoll_create1(0);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, got[4];
  epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event);
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events == EPOLLOUT, "room is an edge");
  check_equal(epoll_wait(set, got, 4, 0), 0, "once");
  write(pair[1], "x", 1);
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events == (EPOLLIN | EPOLLOUT), "a byte is one");
  write(pair[1], "x", 1);
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events & EPOLLIN, "a second byte another");
  check_equal(epoll_wait(set, got, 4, 0), 0, "then none");
  while (write(pair[0], block, 10000) > 0) {}
  while (read(pair[1], block, sizeof block) > 0) {}
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events & EPOLLOUT, "room again is one");
  shutdown(pair[1], SHUT_WR);
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events & EPOLLRDHUP, "an end is one");
  close(pair[1]);
  check(epoll_wait(set, got, 4, 0) == 1 && got[0].events & EPOLLHUP, "a hang-up is one");
  close(pair[0]);
  close(set);
}

static void files(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  put_file("content", "what a file holds");
  int file = open("content", O_RDONLY);
  off_t offset = 5;
  check_equal(sendfile(pair[0], file, &offset, 100), 12, "a file goes into a stream");
  char buffer[32] = "";
  check_equal(read(pair[1], buffer, sizeof buffer), 12, "and comes out");
  check_text(buffer, "a file holds", "as it is");
  close(file);
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  scratch_enter();
  names();
  abstract_names();
  connecting();
  ends();
  options();
  waiting();
  edges();
  files();
  return finish();
}

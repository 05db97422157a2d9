// SPDX-License-Identifier: BSD-3-Clause
//
// A small key-value server: lines over TCP, one thread, epoll.
//
//   set KEY VALUE   stored
//   get KEY         value VALUE, or none
//   del KEY         deleted, or none
//   count           count N
//   stop            ends the server
//
// With the word `bench` as its argument it makes a system call many times and says how many; the
// difference of two counts of instructions is what the call costs.

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 7070, CLIENTS = 1024, LINE = 4096, BUCKETS = 4096 };

struct entry {
  struct entry *next;
  char *value;
  char key[];
};

struct client {
  size_t count;
  char line[LINE];
};

static struct entry *buckets[BUCKETS];
static size_t entry_count;
static struct client *clients[CLIENTS];
static int is_stopping;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// The place that points to a key's entry, or would.
static struct entry **place_of(const char *key) {
  unsigned hash = 2166136261u;
  for (const unsigned char *c = (const unsigned char *)key; *c; c++) hash = (hash ^ *c) * 16777619u;
  struct entry **place = &buckets[hash % BUCKETS];
  while (*place && strcmp((*place)->key, key)) place = &(*place)->next;
  return place;
}

static int set(const char *key, const char *value) {
  char *copy = strdup(value);
  if (!copy) return 0;
  struct entry **place = place_of(key);
  if (*place) {
    free((*place)->value);
  } else {
    struct entry *made = malloc(sizeof *made + strlen(key) + 1);
    if (!made) {
      free(copy);
      return 0;
    }
    made->next = NULL;
    strcpy(made->key, key);
    *place = made;
    entry_count++;
  }
  (*place)->value = copy;
  return 1;
}

static int delete(const char *key) {
  struct entry **place = place_of(key), *gone = *place;
  if (!gone) return 0;
  *place = gone->next;
  free(gone->value);
  free(gone);
  entry_count--;
  return 1;
}

static void answer(int descriptor, char *line) {
  char *rest = line;
  const char *command = strsep(&rest, " "), *key = rest ? strsep(&rest, " ") : NULL;
  char text[LINE + 16];
  struct entry *found;
  if (!strcmp(command, "set") && key && rest) {
    strcpy(text, set(key, rest) ? "stored\n" : "out of memory\n");
  } else if (!strcmp(command, "get") && key) {
    found = *place_of(key);
    if (found) {
      snprintf(text, sizeof text, "value %s\n", found->value);
    } else {
      strcpy(text, "none\n");
    }
  } else if (!strcmp(command, "del") && key) {
    strcpy(text, delete(key) ? "deleted\n" : "none\n");
  } else if (!strcmp(command, "count")) {
    snprintf(text, sizeof text, "count %zu\n", entry_count);
  } else if (!strcmp(command, "stop")) {
    is_stopping = 1;
    strcpy(text, "stopping\n");
  } else {
    strcpy(text, "what?\n");
  }
  size_t length = strlen(text);
  for (size_t done = 0; done < length;) {
    ssize_t count = send(descriptor, text + done, length - done, MSG_NOSIGNAL);
    if (count <= 0) return;
    done += count;
  }
}

static void forget(int descriptor) {
  free(clients[descriptor]);
  clients[descriptor] = NULL;
  close(descriptor);
}

static void serve(int descriptor) {
  struct client *client = clients[descriptor];
  ssize_t count = read(descriptor, client->line + client->count, LINE - client->count);
  if (count <= 0) return forget(descriptor);
  client->count += count;
  char *start = client->line, *end;
  while ((end = memchr(start, '\n', client->line + client->count - start))) {
    *end = 0;
    answer(descriptor, start);
    start = end + 1;
  }
  client->count -= start - client->line;
  memmove(client->line, start, client->count);
  // A line that fills the buffer is longer than any command.
  if (client->count == LINE) forget(descriptor);
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  if (listener < 0) fail("socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (listen(listener, 128)) fail("listen");
  return listener;
}

static void accept_client(int listener, int poll) {
  int descriptor = accept(listener, NULL, NULL);
  if (descriptor < 0) return;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (descriptor >= CLIENTS || !(clients[descriptor] = calloc(1, sizeof(struct client)))) {
    close(descriptor);
  } else if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) {
    forget(descriptor);
  }
}

static int bench(long count) {
  long sum = 0;
  for (long index = 0; index < count; index++) sum += getppid();
  printf("%ld calls, sum %ld\n", count, sum);
  return 0;
}

int main(int argument_count, char **arguments) {
  if (argument_count == 3 && !strcmp(arguments[1], "bench")) return bench(atol(arguments[2]));
  int listener = listen_on(argument_count > 1 ? atoi(arguments[1]) : PORT);
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event)) fail("epoll");
  puts("ready");
  fflush(stdout);
  while (!is_stopping) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, 64, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int index = 0; index < count; index++) {
      int descriptor = events[index].data.fd;
      if (descriptor == listener) {
        accept_client(listener, poll);
      } else {
        serve(descriptor);
      }
    }
  }
  return 0;
}

// The yardstick of `bench lines` and `bench publish`: what one epoll loop in C costs. room-epoll lines|chat|echo PORT
//
//   echo    what stands behind a proxy: all that came goes back before it reads on
//   lines   counts lines; the line "?" is answered by the count since the last one
//   chat    every line goes to all others, by one write() each: what no server on this kernel interface can be below. A
//           subscriber that does not take a line whole loses the rest of it, since this is a measure and not a chat
#include "shared.h"
#include <signal.h>

#define MAX_DESCRIPTORS 65536
#define MAX_LINE 65536
#define BUFFER (2 * MAX_LINE)
static char isMember[MAX_DESCRIPTORS];
static long lineCount[MAX_DESCRIPTORS];
static int heldLength[MAX_DESCRIPTORS];
static char *held[MAX_DESCRIPTORS];
static int highest, isChat, isEcho;

static void acceptAll(int loop, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(loop, fd, EPOLLIN, fd);
    isMember[fd] = 1;
    lineCount[fd] = heldLength[fd] = 0;
    if (fd > highest) highest = fd;
  }
}

static void say(int fd, const char *bytes, int length) {
  if (write(fd, bytes, length) < length && errno != EAGAIN) perror("write");
}

// `length` with its "\n".
static void line(int fd, const char *bytes, int length) {
  if (isChat) {
    for (int other = 0; other <= highest; other++) if (isMember[other] && other != fd) say(other, bytes, length);
  } else if (length == 2 && bytes[0] == '?') {
    char text[32];
    say(fd, text, snprintf(text, sizeof text, "%ld\n", lineCount[fd]));
    lineCount[fd] = 0;
  } else lineCount[fd]++;
}

// Lines that lie whole in `bytes`; what is left behind the last is returned as its length.
static int cut(int fd, const char *bytes, int length) {
  const char *end;
  while ((end = memchr(bytes, '\n', length))) {
    int size = end + 1 - bytes;
    line(fd, bytes, size);
    bytes += size;
    length -= size;
  }
  return length;
}

// What the peer does not take now waits, and until it is gone nothing is read.
static void echo(int loop, int fd, const char *bytes, int length) {
  ssize_t done = write(fd, bytes, length);
  if (done < 0 && errno != EAGAIN) return;
  int rest = length - (done < 0 ? 0 : done), wasWaiting = heldLength[fd] > 0;
  if (rest > 0 && !held[fd]) held[fd] = malloc(BUFFER);
  if (rest > 0) memmove(held[fd], bytes + length - rest, rest);
  heldLength[fd] = rest;
  if (wasWaiting == (rest > 0)) return;
  struct epoll_event event = {.events = rest > 0 ? EPOLLOUT : EPOLLIN, .data.u32 = fd};
  epoll_ctl(loop, EPOLL_CTL_MOD, fd, &event);
}

static void leave(int fd) {
  isMember[fd] = 0;
  close(fd);
}

static void readOnce(int loop, int fd) {
  static char buffer[BUFFER];
  int before = heldLength[fd];
  if (before > 0) memcpy(buffer, held[fd], before);
  ssize_t got = read(fd, buffer + before, sizeof buffer - before);
  if (got > 0 && isEcho) echo(loop, fd, buffer, got);
  else if (got > 0) {
    int length = before + got, rest = cut(fd, buffer, length);
    if (rest > MAX_LINE) rest = 0;
    if (rest > 0 && !held[fd]) held[fd] = malloc(BUFFER);
    if (rest > 0) memcpy(held[fd], buffer + length - rest, rest);
    heldLength[fd] = rest;
  } else if (got == 0 || errno != EAGAIN) {
    leave(fd);
  }
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: room-epoll lines|chat|echo PORT\n"), 2;
  isChat = strcmp(words[1], "chat") == 0;
  isEcho = strcmp(words[1], "echo") == 0;
  signal(SIGPIPE, SIG_IGN);
  takeAllDescriptors();
  int loop = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = loopback(atoi(words[2]));
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  watch(loop, listener, EPOLLIN, listener);
  for (;;) {
    static struct epoll_event events[1024];
    int ready = epoll_wait(loop, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.u32;
      if (fd == listener) acceptAll(loop, listener);
      else if (events[i].events & EPOLLERR) leave(fd);
      else if (events[i].events & EPOLLOUT) echo(loop, fd, held[fd], heldLength[fd]);
      else readOnce(loop, fd);
    }
  }
}

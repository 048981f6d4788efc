// The service behind the proxies of `bench http`, on one thread, with prepared answers. http-upstream PORT
//
//   GET /small, /large     100 B, 100 KiB
//   GET /download/N        N MiB
//   GET /events            server-sent events, each 10 ms one with the time when it was sent, in us of CLOCK_MONOTONIC
//   POST /upload           takes at most 256 KiB each ms, then answers as /small: a slow peer
//
// Only the benchmark's own proxies connect, so heads are trusted to be well-formed and of at most 16 KiB.
#include "shared.h"

#define MAX_DESCRIPTORS 65536
#define HEAD_BYTES 16384
#define BLOCK (256 * 1024)
#define EVENT_EVERY_US 10000
#define MAX_TIMED 64
enum Doing { READING, TAKING, EVENTS };
struct Peer {
  enum Doing doing;
  char head[HEAD_BYTES + 1], own[256];
  int headBytes, isBlocked;
  // What is being sent, and how much of `block` behind it.
  const char *out;
  long left, filler, bodyLeft;
};
static struct Peer *peers[MAX_DESCRIPTORS];
static int poll, listener, timed[MAX_TIMED], timedCount;
static char block[BLOCK], small[512], *large;
static long smallBytes, largeBytes;

static long prepare(char *into, long content) {
  long head = sprintf(into, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %ld\r\n\r\n", content);
  memset(into + head, 'x', content);
  return head + content;
}

static void await(int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.u32 = fd};
  if (epoll_ctl(poll, EPOLL_CTL_MOD, fd, &event) < 0) die("epoll_ctl");
}

static void shut(int fd) {
  for (int i = 0; i < timedCount; i++) {
    if (timed[i] == fd) timed[i--] = timed[--timedCount];
  }
  free(peers[fd]);
  peers[fd] = NULL;
  close(fd);
}

// False when the connection is gone.
static int push(int fd) {
  struct Peer *peer = peers[fd];
  while (peer->left > 0) {
    ssize_t sent = send(fd, peer->out, peer->left, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return shut(fd), 0;
    if (sent < 0) {
      if (!peer->isBlocked) await(fd, EPOLLIN | EPOLLOUT);
      peer->isBlocked = 1;
      return 1;
    }
    peer->out += sent;
    peer->left -= sent;
    if (peer->left > 0 || peer->filler == 0) continue;
    peer->out = block;
    peer->left = peer->filler < BLOCK ? peer->filler : BLOCK;
    peer->filler -= peer->left;
  }
  if (peer->isBlocked) await(fd, EPOLLIN);
  peer->isBlocked = 0;
  return 1;
}

static int answer(int fd, const char *bytes, long length) {
  peers[fd]->out = bytes;
  peers[fd]->left = length;
  return push(fd);
}

static void time1(int fd, enum Doing doing) {
  if (timedCount == MAX_TIMED) die("too many timed connections");
  peers[fd]->doing = doing;
  timed[timedCount++] = fd;
}

static int serve1(int fd) {
  struct Peer *peer = peers[fd];
  long mib;
  if (!strncmp(peer->head, "GET /small", 10)) return answer(fd, small, smallBytes);
  if (!strncmp(peer->head, "GET /large", 10)) return answer(fd, large, largeBytes);
  if (sscanf(peer->head, "GET /download/%ld", &mib) == 1) {
    peer->filler = mib << 20;
    return answer(fd, peer->own, sprintf(peer->own, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", mib << 20));
  }
  if (!strncmp(peer->head, "GET /events", 11)) {
    time1(fd, EVENTS);
    return answer(fd, peer->own, sprintf(peer->own, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                                    "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"));
  }
  char *length = strcasestr(peer->head, "\r\ncontent-length:");
  if (strncmp(peer->head, "POST /upload", 12) || !length) return shut(fd), 0;
  peer->bodyLeft = atol(length + 17);
  time1(fd, TAKING);
  await(fd, 0);
  return 1;
}

// Answers the requests whose heads are complete, one after the other.
static void serve(int fd) {
  struct Peer *peer = peers[fd];
  char *end;
  while (peer->left == 0 && peer->doing == READING && (end = strstr(peer->head, "\r\n\r\n"))) {
    int used = end + 4 - peer->head;
    *end = 0;
    if (!serve1(fd)) return;
    // Content that came with the head is content that was taken.
    if (peer->doing == TAKING) peer->bodyLeft -= peer->headBytes - used, used = peer->headBytes;
    peer->headBytes -= used;
    memmove(peer->head, peer->head + used, peer->headBytes + 1);
  }
}

static void receive(int fd) {
  struct Peer *peer = peers[fd];
  int room = HEAD_BYTES - peer->headBytes;
  ssize_t got = room == 0 ? 0 : recv(fd, peer->head + peer->headBytes, room, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    shut(fd);
    return;
  }
  peer->headBytes += got;
  peer->head[peer->headBytes] = 0;
  serve(fd);
}

static void take(int fd) {
  struct Peer *peer = peers[fd];
  static char sunk[BLOCK];
  ssize_t got = peer->bodyLeft == 0 ? 0 : recv(fd, sunk, peer->bodyLeft < BLOCK ? peer->bodyLeft : BLOCK, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  peer->bodyLeft -= got;
  if (peer->bodyLeft > 0) {
    if (got <= 0) shut(fd);
    return;
  }
  for (int i = 0; i < timedCount; i++) {
    if (timed[i] == fd) timed[i--] = timed[--timedCount];
  }
  peer->doing = READING;
  await(fd, EPOLLIN);
  answer(fd, small, smallBytes);
}

static void event(int fd) {
  struct Peer *peer = peers[fd];
  char text[64];
  if (peer->left > 0) return;
  int length = sprintf(text, "data: %.1f\n\n", nowUs());
  answer(fd, peer->own, sprintf(peer->own, "%x\r\n%s\r\n", length, text));
}

static void acceptAll(void) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd >= MAX_DESCRIPTORS || !(peers[fd] = calloc(1, sizeof(struct Peer)))) die("accept");
    watch(poll, fd, EPOLLIN, fd);
  }
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "usage: http-upstream PORT\n"), 2;
  takeAllDescriptors();
  smallBytes = prepare(small, 100);
  large = malloc(103000);
  largeBytes = prepare(large, 102400);
  memset(block, 'x', sizeof block);
  int on = 1;
  struct sockaddr_in address = loopback(atoi(words[1]));
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  poll = epoll_create1(0);
  watch(poll, listener, EPOLLIN, listener);
  static struct epoll_event events[256];
  for (double nextTakeUs = 0, nextEventUs = 0;;) {
    int ready = epoll_wait(poll, events, 256, timedCount > 0 ? 1 : -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.u32;
      if (fd == listener) acceptAll();
      else if (peers[fd] && (events[i].events & EPOLLOUT)) {
        if (push(fd)) serve(fd);
      } else if (peers[fd]) receive(fd);
    }
    double atUs = nowUs();
    int takes = atUs >= nextTakeUs, sends = atUs >= nextEventUs;
    if (takes) nextTakeUs = atUs + 1000;
    if (sends) nextEventUs = atUs + EVENT_EVERY_US;
    // Backwards: one that ends is replaced by the last.
    for (int i = timedCount - 1; i >= 0; i--) {
      if (takes && peers[timed[i]]->doing == TAKING) take(timed[i]);
      else if (sends && peers[timed[i]]->doing == EVENTS) event(timed[i]);
    }
  }
}

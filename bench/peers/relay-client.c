// Both ends of a relay in one process: who connects to it, and the backend it connects to. relay-client RELAY_PORT BACKEND_PORT
//
//   pairs SECONDS UNDER_WAY           connect, one byte there and back, close: UNDER_WAY of them at any time
//   up|down SECONDS CONNECTIONS       as many bytes as go through, to the backend or from it; counted where they arrive
//
// The backend does what the first byte of a connection says: e(cho), u (read all), d (write without end).
#include "shared.h"

#define MAX_DESCRIPTORS 65536
#define BLOCK (256 * 1024)
enum Role { NONE, ASKING, ANSWERING, DRAIN, SOURCE };
static int relayPort, poll, listener;
static enum Role roles[MAX_DESCRIPTORS];
static char block[BLOCK];
static long arrived, pairs, failed;

static void play(int fd, enum Role role) {
  struct epoll_event event = {.events = role == SOURCE ? EPOLLOUT : EPOLLIN, .data.u32 = fd};
  roles[fd] = role;
  if (epoll_ctl(poll, EPOLL_CTL_MOD, fd, &event) < 0) die("epoll_ctl");
}

static void acceptAll(void) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    roles[fd] = ANSWERING;
    watch(poll, fd, EPOLLIN, fd);
  }
}

static int open1(char first) {
  int fd = dial(relayPort, 0);
  if (send(fd, &first, 1, MSG_NOSIGNAL) != 1) failed++;
  roles[fd] = ASKING;
  watch(poll, fd, EPOLLIN, fd);
  return fd;
}

static void shut(int fd) {
  roles[fd] = NONE;
  close(fd);
}

// A backend's connection: its first byte says what it does from now on.
static void answer(int fd) {
  char first;
  ssize_t got = read(fd, &first, 1);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) shut(fd);
  else if (first == 'e') {
    if (send(fd, &first, 1, MSG_NOSIGNAL) != 1) failed++;
  } else play(fd, first == 'u' ? DRAIN : SOURCE);
}

// True when a pair of `pairs` is done, well or not.
static int step(int fd) {
  if (roles[fd] == ANSWERING) return answer(fd), 0;
  if (roles[fd] == SOURCE) {
    if (send(fd, block, BLOCK, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) shut(fd);
    return 0;
  }
  ssize_t got = recv(fd, block, BLOCK, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return 0;
  if (roles[fd] == ASKING) {
    got == 1 ? pairs++ : failed++;
    shut(fd);
    return 1;
  }
  if (got <= 0) shut(fd);
  else arrived += got;
  return 0;
}

// One wait; returns how many pairs were done in it.
static int turn(int waitMs) {
  static struct epoll_event events[256];
  int ready = epoll_wait(poll, events, 256, waitMs), done = 0;
  for (int i = 0; i < ready; i++) {
    int fd = events[i].data.u32;
    if (fd == listener) acceptAll();
    else if (roles[fd] != NONE) done += step(fd);
  }
  return ready == 0 ? -1 : done;
}

static void manyPairs(double seconds, int underWay) {
  double beginUs = nowUs(), endUs = beginUs + seconds * 1e6, cpuBeforeMs = cpuMs();
  int open = 0;
  pairs = failed = 0;
  for (; open < underWay; open++) open1('e');
  while (open > 0) {
    int done = turn(2000);
    if (done < 0) break;
    open -= done;
    for (; done > 0 && nowUs() < endUs; done--, open++) open1('e');
  }
  printf("{\"pairs\":%ld,\"failed\":%ld,\"tookMs\":%.2f,\"cpuMs\":%.1f}\n", pairs, failed + open, (nowUs() - beginUs) / 1e3,
         cpuMs() - cpuBeforeMs);
}

static void bulk(int isUp, double seconds, int connections) {
  int descriptors[1024];
  double beginUs = nowUs(), cpuBeforeMs = cpuMs();
  arrived = 0;
  for (int i = 0; i < connections; i++) {
    descriptors[i] = open1(isUp ? 'u' : 'd');
    play(descriptors[i], isUp ? SOURCE : DRAIN);
  }
  while (nowUs() < beginUs + seconds * 1e6) turn(10);
  printf("{\"bytes\":%ld,\"tookMs\":%.2f,\"cpuMs\":%.1f}\n", arrived, (nowUs() - beginUs) / 1e3, cpuMs() - cpuBeforeMs);
  fflush(stdout);
  for (int i = 0; i < connections; i++) {
    roles[descriptors[i]] = NONE;
    closeHard(descriptors[i]);
  }
  // The backend's ends go when the relay has seen it; what is in its buffers until then belongs to no measurement.
  while (turn(300) >= 0);
}

static void listenOn(int port) {
  int on = 1;
  struct sockaddr_in address = loopback(port);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  poll = epoll_create1(0);
  watch(poll, listener, EPOLLIN, listener);
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: relay-client RELAY_PORT BACKEND_PORT\n"), 2;
  relayPort = atoi(words[1]);
  takeAllDescriptors();
  listenOn(atoi(words[2]));
  watch(poll, 0, EPOLLIN, 0);
  char line[256], way[5];
  for (;;) {
    int number;
    double seconds;
    // Serves the backend while nothing is asked: a relay may look whether its target lives.
    struct epoll_event events[16];
    int ready = epoll_wait(poll, events, 16, -1), isAsked = 0;
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.u32;
      if (fd == 0) isAsked = 1;
      else if (fd == listener) acceptAll();
      else if (roles[fd] != NONE) step(fd);
    }
    if (!isAsked) continue;
    if (!fgets(line, sizeof line, stdin)) return 0;
    epoll_ctl(poll, EPOLL_CTL_DEL, 0, NULL);
    if (sscanf(line, "pairs %lf %d", &seconds, &number) == 2) manyPairs(seconds, number);
    else if (sscanf(line, "%4s %lf %d", way, &seconds, &number) == 3 && number <= 1024) bulk(way[0] == 'u', seconds, number);
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
    watch(poll, 0, EPOLLIN, 0);
  }
}

// The yardstick: what one epoll loop in C costs. sink-epoll sink|echo PORT
//
// Level-triggered, one thread, one read per ready connection and wake-up, one shared buffer. SIGUSR1 prints the counters
// as one line of JSON, SIGTERM prints them and ends.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static long accepted, closed, reads, bytes, shortWrites;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int poll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static int listenOn(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(fd, 4096) < 0) die("listen");
  return fd;
}

static void acceptAll(int poll, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(poll, fd);
    accepted++;
  }
}

static void readOnce(int fd, int echo) {
  static char buffer[65536];
  ssize_t got = read(fd, buffer, sizeof buffer);
  if (got > 0) {
    reads++;
    bytes += got;
    if (echo && write(fd, buffer, got) != got) shortWrites++;
  } else if (got == 0 || errno != EAGAIN) {
    close(fd);
    closed++;
  }
}

// True when the signal asked to end.
static int report(int signals) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) < 0) return 0;
  printf("{\"accepted\":%ld,\"active\":%ld,\"reads\":%ld,\"bytes\":%ld,\"shortWrites\":%ld}\n", accepted, accepted - closed,
         reads, bytes, shortWrites);
  fflush(stdout);
  return info.ssi_signo == SIGTERM;
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: sink-epoll sink|echo PORT\n"), 2;
  int echo = strcmp(words[1], "echo") == 0, poll = epoll_create1(0), listener = listenOn(atoi(words[2]));
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigaddset(&mask, SIGTERM);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  int signals = signalfd(-1, &mask, 0);
  watch(poll, listener);
  watch(poll, signals);
  for (;;) {
    static struct epoll_event events[1024];
    int ready = epoll_wait(poll, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) acceptAll(poll, listener);
      else if (fd != signals) readOnce(fd, echo);
      else if (report(signals)) return 0;
    }
  }
}

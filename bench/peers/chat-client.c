// Everybody in one chat room, and one more who speaks. chat-client PORT
//
//   connect COUNT                subscribers, and behind them the one who publishes
//   publish SIZE COUNT GAP_MS    COUNT lines of SIZE bytes, their "\n" among them, one at a time: the next is sent GAP_MS after
//                                the last byte of the one before was read by the last subscriber
//
// One process and one clock: a time runs from before send() to when the last recv() has returned. It never sleeps while a
// message is under way, since what wakes it would be charged to the server that writes.
#include "shared.h"

#define MAX_CONNECTIONS 20000
#define MAX_MESSAGE 65536
#define MAX_PUBLISHES 10000
#define PATIENCE_US 10e6
static int port, poll, opened;
static int descriptors[MAX_CONNECTIONS + 1];
static long expected[MAX_CONNECTIONS + 1];
static double tookMs[MAX_PUBLISHES];

static void connectAll(int count) {
  poll = epoll_create1(0);
  for (opened = 0; opened < count; opened++) {
    descriptors[opened] = dial(port, 0);
    watch(poll, descriptors[opened], EPOLLIN, opened);
  }
  descriptors[count] = dial(port, 0);
  printf("{\"connected\":%d}\n", opened);
}

// Milliseconds until the last subscriber had it all; negative where one never did.
static double publish1(int size) {
  static char message[MAX_MESSAGE], buffer[MAX_MESSAGE];
  static struct epoll_event events[256];
  memset(message, 'x', size - 1);
  message[size - 1] = '\n';
  for (int id = 0; id < opened; id++) expected[id] = size;
  int waiting = opened;
  double beginUs = nowUs();
  if (send(descriptors[opened], message, size, MSG_NOSIGNAL) != size) die("send");
  while (waiting > 0) {
    int ready = epoll_wait(poll, events, 256, 0);
    if (ready == 0 && nowUs() - beginUs > PATIENCE_US) return -1;
    for (int i = 0; i < ready; i++) {
      int id = events[i].data.u32;
      ssize_t got = recv(descriptors[id], buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) die("the server closed");
      if (got < 0) continue;
      expected[id] -= got;
      if (expected[id] == 0) waiting--;
      if (expected[id] < 0) die("more came than was published");
    }
  }
  return (nowUs() - beginUs) / 1e3;
}

static void publish(int size, int count, int gapMs) {
  int lost = 0, done = 0;
  for (int i = 0; i < count && lost == 0; i++) {
    usleep(gapMs * 1000);
    double took = publish1(size);
    if (took < 0) lost++;
    else tookMs[done++] = took;
  }
  printf("{\"lost\":%d,\"tookMs\":[", lost);
  for (int i = 0; i < done; i++) printf("%s%.3f", i ? "," : "", tookMs[i]);
  printf("]}\n");
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "usage: chat-client PORT\n"), 2;
  port = atoi(words[1]);
  takeAllDescriptors();
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    int connections, size, publishes, gapMs;
    if (sscanf(line, "connect %d", &connections) == 1 && connections <= MAX_CONNECTIONS) connectAll(connections);
    else if (sscanf(line, "publish %d %d %d", &size, &publishes, &gapMs) == 3 && size >= 2 && size <= MAX_MESSAGE && publishes <= MAX_PUBLISHES)
      publish(size, publishes, gapMs);
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
  }
  return 0;
}

// Lines as fast as a server takes them. lines-client PORT
//
//   connect COUNT
//   lines SECONDS SIZE     lines of SIZE bytes, their "\n" among them, on every connection; then the line "?" on each, which
//                          the server answers by the count of lines it had on that connection since the last "?"
//
// "counted" is the sum of the servers' answers, and must be "lines". The time runs until the last answer.
#include "shared.h"

#define MAX_CONNECTIONS 1000
#define BLOCK 65536
static int port, poll, opened;
static int descriptors[MAX_CONNECTIONS];
static long sent[MAX_CONNECTIONS];
static char block[2 * BLOCK];

static void connectAll(int count) {
  poll = epoll_create1(0);
  for (opened = 0; opened < count; opened++) {
    descriptors[opened] = dial(port, SOCK_NONBLOCK);
    watch(poll, descriptors[opened], EPOLLOUT, opened);
  }
  printf("{\"connected\":%d}\n", opened);
}

static void listenTo(int id, unsigned what) {
  struct epoll_event event = {.events = what, .data.u32 = id};
  epoll_ctl(poll, EPOLL_CTL_MOD, descriptors[id], &event);
}

// Up to `bytes`, from where the last line was left.
static void push(int id, long bytes) {
  ssize_t done = send(descriptors[id], block + sent[id] % BLOCK, bytes, MSG_NOSIGNAL);
  if (done < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != ENOTCONN) die("send");
  if (done > 0) sent[id] += done;
}

// The rest of the line under way, and behind it the question. By blocking: at most a line and the question.
static void ask(int id, int size) {
  long rest = (size - sent[id] % size) % size;
  while (rest > 0) {
    long before = sent[id];
    push(id, rest);
    rest -= sent[id] - before;
  }
  while (send(descriptors[id], "?\n", 2, MSG_NOSIGNAL) < 0) if (errno != EAGAIN) die("send");
}

// The number behind the question, 0 until its line is whole.
static int answered(int id, long *count) {
  static char text[MAX_CONNECTIONS][32];
  static int length[MAX_CONNECTIONS];
  ssize_t got = recv(descriptors[id], text[id] + length[id], sizeof text[id] - length[id], 0);
  if (got == 0) die("the server closed");
  if (got < 0) return 0;
  length[id] += got;
  if (text[id][length[id] - 1] != '\n') return 0;
  *count = atol(text[id]);
  length[id] = 0;
  return 1;
}

static void lines(double seconds, int size) {
  for (int i = 0; i < 2 * BLOCK; i++) block[i] = i % size == size - 1 ? '\n' : 'a' + i % 26;
  double beginUs = nowUs(), endUs = beginUs + seconds * 1e6, cpuBeforeMs = cpuMs();
  long total = 0, counted = 0, count;
  struct epoll_event events[64];
  memset(sent, 0, sizeof sent);
  while (nowUs() < endUs) {
    int ready = epoll_wait(poll, events, 64, 100);
    for (int i = 0; i < ready; i++) push(events[i].data.u32, BLOCK);
  }
  for (int id = 0; id < opened; id++) {
    ask(id, size);
    total += sent[id] / size;
    listenTo(id, EPOLLIN);
  }
  int waiting = opened;
  while (waiting > 0) {
    int ready = epoll_wait(poll, events, 64, 30000);
    if (ready <= 0) break;
    for (int i = 0; i < ready; i++) {
      if (!answered(events[i].data.u32, &count)) continue;
      counted += count;
      waiting--;
    }
  }
  printf("{\"lines\":%ld,\"counted\":%ld,\"tookMs\":%.2f,\"cpuMs\":%.1f}\n", total, counted, (nowUs() - beginUs) / 1e3,
         cpuMs() - cpuBeforeMs);
  for (int id = 0; id < opened; id++) listenTo(id, EPOLLOUT);
}

static void closeAll(void) {
  for (int id = 0; id < opened; id++) closeHard(descriptors[id]);
  close(poll);
  printf("{\"closed\":%d}\n", opened);
  opened = 0;
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "usage: lines-client PORT\n"), 2;
  port = atoi(words[1]);
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    int connections, size;
    double seconds;
    if (sscanf(line, "connect %d", &connections) == 1 && connections <= MAX_CONNECTIONS) connectAll(connections);
    else if (sscanf(line, "lines %lf %d", &seconds, &size) == 2 && size >= 3 && BLOCK % size == 0) lines(seconds, size);
    else if (strncmp(line, "close", 5) == 0) closeAll();
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
  }
  return 0;
}

// The open-model load of `bench latency`, in C so that it is not what is measured. echo-client PORT
//
//   connect COUNT
//   full SECONDS SIZE                 what the server can do: one message under way on each connection, always
//   rate PER_SECOND SECONDS SIZE      message i is planned for i / PER_SECOND, round robin over the connections, whether or
//                                     not others came back; latency is from the planned moment to the last byte of its echo
//
// An echo that does not come within 10 s after the last was due ends it: what comes later would be taken for another's.
// It never sleeps: it has a processor of its own, and a wake-up would be added to every latency. "late" is how long after
// its plan a message left: what of the latency is this client's own.
#include "shared.h"

#define MAX_CONNECTIONS 20000
#define MAX_MESSAGE 65536
#define BATCH 32
#define PATIENCE_US 10e6
static int port, poll, opened;
static int descriptors[MAX_CONNECTIONS];
// Of each connection in this run: echoed bytes.
static long echoed[MAX_CONNECTIONS];
static char message[MAX_MESSAGE], buffer[MAX_MESSAGE];

static void connectAll(int count) {
  poll = epoll_create1(0);
  for (opened = 0; opened < count; opened++) {
    descriptors[opened] = dial(port, 0);
    watch(poll, descriptors[opened], EPOLLIN, opened);
  }
  printf("{\"connected\":%d}\n", opened);
}

static void send1(int id, int size) {
  if (send(descriptors[id], message, size, MSG_NOSIGNAL | MSG_DONTWAIT) != size) die("send: the server does not read");
}

// The bytes that came for `id`; 0 = none yet.
static long receive(int id) {
  ssize_t got = recv(descriptors[id], buffer, sizeof buffer, MSG_DONTWAIT);
  if (got == 0) die("the server closed");
  if (got < 0 && errno != EAGAIN) die("recv");
  return got < 0 ? 0 : got;
}

static void missing(long echoes) {
  fprintf(stderr, "%ld echoes are missing %.0f s after the last was due\n", echoes, PATIENCE_US / 1e6);
  exit(1);
}

static void full(double seconds, int size) {
  struct epoll_event events[BATCH];
  double beginUs = nowUs(), endUs = beginUs + seconds * 1e6, cpuBeforeMs = cpuMs();
  long messages = 0;
  int waiting = opened;
  memset(echoed, 0, sizeof echoed);
  for (int id = 0; id < opened; id++) send1(id, size);
  while (waiting > 0) {
    int ready = epoll_wait(poll, events, BATCH, PATIENCE_US / 1e3);
    if (ready == 0) missing(waiting);
    int isOver = nowUs() >= endUs;
    for (int i = 0; i < ready; i++) {
      int id = events[i].data.u32;
      if ((echoed[id] += receive(id)) < size) continue;
      echoed[id] -= size;
      messages++;
      if (isOver) waiting--;
      else send1(id, size);
    }
  }
  printf("{\"messages\":%ld,\"tookMs\":%.2f,\"cpuMs\":%.1f}\n", messages, (nowUs() - beginUs) / 1e3, cpuMs() - cpuBeforeMs);
}

static void rate(double perSecond, double seconds, int size) {
  long planned = (long)(perSecond * seconds), sent = 0, answered = 0;
  double *latencies = malloc(planned * sizeof *latencies), *late = malloc(planned * sizeof *late), stepUs = 1e6 / perSecond;
  memset(echoed, 0, sizeof echoed);
  double beginUs = nowUs() + 1000, giveUpUs = beginUs + seconds * 1e6 + PATIENCE_US;
  struct epoll_event events[BATCH];
  while (answered < planned && nowUs() < giveUpUs) {
    for (int batch = 0; batch < BATCH && sent < planned; batch++, sent++) {
      double lateUs = nowUs() - (beginUs + sent * stepUs);
      if (lateUs < 0) break;
      send1(sent % opened, size);
      late[sent] = lateUs;
    }
    int ready = epoll_wait(poll, events, BATCH, 0);
    for (int i = 0; i < ready; i++) {
      int id = events[i].data.u32;
      long before = echoed[id] / size;
      echoed[id] += receive(id);
      double atUs = nowUs();
      // The k-th message of connection c is the (c + k x connections)-th of all.
      for (long k = before; k < echoed[id] / size; k++) latencies[answered++] = atUs - (beginUs + (id + k * opened) * stepUs);
    }
  }
  if (answered < planned) missing(planned - answered);
  qsort(latencies, answered, sizeof *latencies, ascending);
  qsort(late, sent, sizeof *late, ascending);
  printf("{\"messages\":%ld,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f,\"lateP99Us\":%.1f}\n", answered,
         percentile(latencies, answered, 0.5), percentile(latencies, answered, 0.99),
         percentile(latencies, answered, 0.999), percentile(latencies, answered, 1), percentile(late, sent, 0.99));
  free(latencies);
  free(late);
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "usage: echo-client PORT\n"), 2;
  port = atoi(words[1]);
  memset(message, 'x', sizeof message);
  takeAllDescriptors();
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    int connections, size;
    double perSecond, seconds;
    if (sscanf(line, "connect %d", &connections) == 1 && connections <= MAX_CONNECTIONS) connectAll(connections);
    else if (sscanf(line, "full %lf %d", &seconds, &size) == 2 && size <= MAX_MESSAGE) full(seconds, size);
    else if (sscanf(line, "rate %lf %lf %d", &perSecond, &seconds, &size) == 3 && size <= MAX_MESSAGE) rate(perSecond, seconds, size);
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
  }
  return 0;
}

import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dns } from "./dns.ts";
import { choice, dashboard, lines, number, type Query } from "./panels.ts";
import { probes } from "./probes.ts";
import { BOX, quantile, rate } from "./queries.ts";

const LISTENER = `${BOX},listener="$listener"`;

/** The dashboard of an instance: the machine, each listener, services and their probes, the name server, the program, relays. */
export function boxDashboard(): Dashboard {
  const builder = dashboard(
    "tenk",
    "tenk",
    "An instance and its machine: connections and reads, each listener, relays.",
  )
    .withVariable(choice("instance", "Box", "label_values(tenk_tcp_connections_active, instance)"))
    .withVariable(
      choice("listener", "Listener", `label_values(tenk_tcp_connections_active{${BOX}}, listener)`)
        .multi(true)
        .includeAll(true),
    );
  const sections = [
    [new RowBuilder("Now"), now()],
    [new RowBuilder("Listener $listener").repeat("listener"), listener()],
    [new RowBuilder("Services"), services()],
    [new RowBuilder("Probes"), probes()],
    [new RowBuilder("DNS"), dns()],
    [new RowBuilder("Program"), program()],
    [new RowBuilder("Relay"), relay()],
  ] as const;
  for (const [row, panels] of sections) {
    builder.withRow(row);
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}

function now() {
  const used = (total: string, free: string) => `1 - ${free}{${BOX}} / ${total}{${BOX}}`;
  const root = `{${BOX},mountpoint="/",fstype!="rootfs"}`;
  return [
    lines({
      title: "Connections and reads",
      help: "Open connections, and reads with bytes.",
      unit: "short",
      queries: [
        ["{{listener}} open", `sum by (listener) (tenk_tcp_connections_active{${BOX}})`],
        ["{{listener}} reads/s", `sum by (listener) (${rate("tenk_tcp_reads_total", BOX)})`],
      ],
      right: { lines: ".*reads/s", unit: "cps" },
    }),
    lines({
      title: "Processor by mode",
      help: "Share of all processors, without idle time.",
      unit: "percentunit",
      queries: [["{{mode}}", `avg by (mode) (${rate("node_cpu_seconds_total", `${BOX},mode!="idle"`)})`]],
      max: 1,
      stacked: true,
    }),
    lines({
      title: "Memory",
      help: "Of the machine and of tenk.",
      unit: "bytes",
      queries: [
        ["machine", `node_memory_MemTotal_bytes{${BOX}}`],
        ["machine, used", `node_memory_MemTotal_bytes{${BOX}} - node_memory_MemAvailable_bytes{${BOX}}`],
        ["tenk, resident", `process_resident_memory_bytes{${BOX}}`],
        ["tenk, its own", `tenk_process_anonymous_memory_bytes{${BOX}}`],
      ],
    }),
    lines({
      title: "Network",
      help: "Over all devices but loopback.",
      unit: "Bps",
      queries: [
        ["{{device}} in", rate("node_network_receive_bytes_total", BOX)],
        ["{{device}} out", rate("node_network_transmit_bytes_total", BOX)],
      ],
    }),
    number("CPU", "Of all processors.", "percentunit", `1 - avg(${rate("node_cpu_seconds_total", `${BOX},mode="idle"`)})`, [0.8, 0.95]),
    number("Load average", "Processes that run or wait to run, averaged over a minute, per processor.", "short", `scalar(node_load1{${BOX}}) / count(count by (cpu) (node_cpu_seconds_total{${BOX}}))`, [1, 2]),
    number("RAM used", "Memory that programs cannot get without swapping.", "percentunit", used("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"), [0.8, 0.95]),
    number("Swap used", "Of all swap space.", "percentunit", `(node_memory_SwapTotal_bytes{${BOX}} - node_memory_SwapFree_bytes{${BOX}}) / clamp_min(node_memory_SwapTotal_bytes{${BOX}}, 1)`, [0.3, 0.8]),
    number("Root disk used", "Of the file system on /, as df computes it.", "percentunit", `1 - node_filesystem_avail_bytes${root} / (node_filesystem_size_bytes${root} - node_filesystem_free_bytes${root} + node_filesystem_avail_bytes${root})`, [0.8, 0.95]),
    number("Temperature", "Of the processor; nothing where the machine has no sensor.", "celsius", `max(tenk_host_temperature_celsius{${BOX}})`, [70, 80]),
    number("Machine up", "Since the start.", "s", `node_time_seconds{${BOX}} - node_boot_time_seconds{${BOX}}`),
    number("tenk up", "Since the start.", "s", `time() - process_start_time_seconds{${BOX}}`),
    number("TCP sent again", "Segments per second that were sent again, after losses in the network.", "cps", rate("node_netstat_Tcp_RetransSegs", BOX)),
    number("Accept queue overflows", "Per second: connections arrive faster than they are accepted.", "cps", rate("node_netstat_TcpExt_ListenOverflows", BOX), [1, 10]),
    number("Sockets in TIME_WAIT", "Closed connections whose port is not free yet.", "short", `node_sockstat_TCP_tw{${BOX}}`),
    number("Descriptors used", "Of the limit of open descriptors.", "percentunit", `process_open_fds{${BOX}} / process_max_fds{${BOX}}`, [0.8, 0.95]),
  ]; // biome-ignore format: a table
}

function listener() {
  const perSecond = (name: string) => rate(`tenk_tcp_${name}`, LISTENER);
  const third = (title: string, help: string, unit: string, queries: readonly Query[]) =>
    lines({ title, help, unit, queries, width: 8 });
  return [
    third("Connections", "Open now, and those in a PROXY header or handshake.", "short", [
      ["open", `tenk_tcp_connections_active{${LISTENER}}`],
      ["in handshakes", `tenk_tcp_handshakes_in_progress{${LISTENER}}`],
    ]),
    third("Accepted and rejected", "Per second; rejections by reason.", "cps", [
      ["accepted", perSecond("connections_accepted_total")],
      ["rejected: {{reason}}", perSecond("connections_rejected_total")],
    ]),
    third("Closed", "Per second, by reason.", "cps", [["{{reason}}", perSecond("connections_closed_total")]]),
    third("Bytes", "Per second.", "Bps", [
      ["read", perSecond("bytes_read_total")],
      ["written", perSecond("bytes_written_total")],
    ]),
    third(
      "Reads, frames and writes",
      "Per second: reads with bytes, frames for handlers with a framing, writes with bytes.",
      "cps",
      [
        ["reads", perSecond("reads_total")],
        ["frames", perSecond("frames_read_total")],
        ["writes", perSecond("writes_total")],
      ],
    ),
    third("Time to the first byte", "From the start of a connection.", "s", [
      ["p50", quantile(0.5, "tenk_tcp_first_byte_seconds", LISTENER)],
      ["p99", quantile(0.99, "tenk_tcp_first_byte_seconds", LISTENER)],
    ]),
    third("Age at the end", "Duration of closed connections.", "s", [
      ["p50", quantile(0.5, "tenk_tcp_connection_lifetime_seconds", LISTENER)],
      ["p99", quantile(0.99, "tenk_tcp_connection_lifetime_seconds", LISTENER)],
    ]),
    lines({
      title: "Write queues",
      help: "Bytes that wait to be sent, and how often a queue drained below its low water mark.",
      unit: "bytes",
      queries: [
        ["waiting", `tenk_tcp_write_queue_bytes{${LISTENER}}`],
        ["drains/s", perSecond("drains_total")],
      ],
      width: 8,
      right: { lines: "drains.*", unit: "cps" },
    }),
  ];
}

function services() {
  const perSecond = (name: string, by: string) => `sum by (${by}) (${rate(`tenk_http_${name}`, BOX)})`;
  const third = (title: string, help: string, unit: string, queries: readonly Query[]) =>
    lines({ title, help, unit, queries, width: 8 });
  return [
    third("Requests", "Per second, by service.", "reqps", [["{{service}}", perSecond("requests_total", "service")]]),
    third("Status", "Answers per second, by class of the status.", "reqps", [["{{code}}", perSecond("requests_total", "code")]]),
    third("Errors", "Per second: no whole answer, rejected, sent once more.", "reqps", [
      ["{{service}}: {{outcome}}", perSecond("request_errors_total", "service, outcome")],
      ["{{service}} rejected: {{reason}}", perSecond("requests_rejected_total", "service, reason")],
      ["{{service}} sent again", perSecond("retries_total", "service")],
    ]),
    third("Time to answer", "From a request's head to the end of its answer.", "s", [
      ["{{service}} p50", quantile(0.5, "tenk_http_request_duration_seconds", BOX, "service")],
      ["{{service}} p99", quantile(0.99, "tenk_http_request_duration_seconds", BOX, "service")],
    ]),
    third("Requests in progress", "WebSockets included.", "short", [["{{service}}", `tenk_http_requests_in_flight{${BOX}}`]]),
    third("Bytes of requests and answers", "Per second.", "Bps", [
      ["{{service}} received", perSecond("request_size_bytes_total", "service")],
      ["{{service}} sent", perSecond("response_size_bytes_total", "service")],
    ]),
    third("Targets of services up", "Share of the event loops that consider the target up.", "percentunit", [
      ["{{service}} → {{target}}", `tenk_http_target_up_ratio{${BOX}}`],
    ]),
    third("Failures of targets", "Requests and checks that failed, per second.", "cps", [
      ["{{service}} → {{target}}", perSecond("target_failures_total", "service, target")],
    ]),
    third("Lines that the access log lost", "Per second: the disk is slow, full or read-only.", "cps", [
      ["{{service}}", perSecond("log_lines_dropped_total", "service")],
    ]),
  ]; // biome-ignore format: a table
}

function program() {
  const lag = (of: number) => quantile(of, "tenk_event_loop_lag_seconds", BOX);
  return [
    lines({
      title: "Event loop lag",
      help: "How late timers fired, of the main event loop and of worker threads.",
      unit: "s",
      queries: [
        ["p50", lag(0.5)],
        ["p99", lag(0.99)],
        ["thread {{thread}} p99", quantile(0.99, "tenk_worker_event_loop_lag_seconds", BOX, "thread")],
      ],
    }),
    lines({
      title: "Processor time",
      help: "Of one processor, over all threads.",
      unit: "percentunit",
      queries: [
        ["in the program", rate("process_cpu_user_seconds_total", BOX)],
        ["in the kernel for it", rate("process_cpu_system_seconds_total", BOX)],
      ],
      stacked: true,
    }),
    lines({
      title: "Heap of each event loop",
      help: "JavaScript objects, the heap reserved for them, and buffers outside of the heap.",
      unit: "bytes",
      queries: [
        ["{{loop}} used", `tenk_runtime_heap_used_bytes{${BOX}}`],
        ["{{loop}} held", `tenk_runtime_heap_total_bytes{${BOX}}`],
        ["{{loop}} outside", `tenk_runtime_external_bytes{${BOX}}`],
      ],
    }),
    lines({
      title: "Garbage collections",
      help: "Observed collections per second, on each event loop.",
      unit: "cps",
      queries: [["{{loop}}", rate("tenk_runtime_collections_total", BOX)]],
    }),
    lines({
      title: "Connections of each worker",
      help: "Of listeners with several workers: the kernel distributes connections.",
      unit: "short",
      queries: [["{{listener}}, worker {{worker}}", `tenk_worker_connections_active{${BOX}}`]],
    }),
    lines({
      title: "Reads of each worker",
      help: "Reads with bytes per second, of listeners with several workers.",
      unit: "cps",
      queries: [["{{listener}}, worker {{worker}}", rate("tenk_worker_reads_total", BOX)]],
    }),
    lines({
      title: "Event loops that crashed, handlers that threw",
      help: "Per second.",
      unit: "cps",
      queries: [
        ["{{listener}} restarts", rate("tenk_tcp_worker_restarts_total", BOX)],
        ["{{listener}} handler errors", rate("tenk_tcp_handler_errors_total", BOX)],
      ],
    }),
    lines({
      title: "Published",
      help: "Messages to subscribers, per second.",
      unit: "cps",
      queries: [
        ["{{listener}} delivered", rate("tenk_tcp_published_total", BOX)],
        ["{{listener}} dropped", rate("tenk_tcp_published_dropped_total", BOX)],
      ],
    }),
  ];
}

function relay() {
  const perSecond = (name: string) => rate(`tenk_relay_${name}`, BOX);
  return [
    lines({
      title: "Targets up",
      help: "Share of the event loops that consider the target up.",
      unit: "percentunit",
      queries: [["{{listener}} → {{target}}", `tenk_relay_target_up_ratio{${BOX}}`]],
      max: 1,
    }),
    lines({
      title: "Pairs",
      help: "Open or being connected, by target.",
      unit: "short",
      queries: [["{{listener}} → {{target}}", `tenk_relay_target_connections_active{${BOX}}`]],
    }),
    lines({
      title: "Relayed bytes",
      help: "Per second, by target.",
      unit: "Bps",
      queries: [
        ["to {{target}}", perSecond("target_sent_bytes_total")],
        ["from {{target}}", perSecond("target_received_bytes_total")],
      ],
    }),
    lines({
      title: "Failures",
      help: "Per second: failed connects, and clients for which no target was available.",
      unit: "cps",
      queries: [
        ["{{target}}", perSecond("target_failures_total")],
        ["{{listener}}: no target", perSecond("without_target_total")],
      ],
    }),
  ];
}

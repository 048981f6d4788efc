import type { Metric } from "../metrics/mod.ts";
import type { Condition, StatusLook, StatusTable } from "../part/mod.ts";
import type { NodeLink } from "./node-link.ts";
import { DROP_REASONS, type DropReason } from "./settings.ts";

/** `parts.publish` of `/api/status`. */
export interface PublishView {
  readonly node: string;
  /** The server it is connected to; null while there is none. */
  readonly server: string | null;
  /** Since when it is connected, or not; milliseconds since 1970. */
  readonly sinceMs: number;
  /** Why it is not connected; null while it is. */
  readonly reason: string | null;
  readonly connects: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly queuedBytes: number;
  readonly nodes: readonly {
    readonly node: string;
    readonly name: string;
    readonly received: number;
    readonly lost: number;
  }[];
}

const MAX_SHOWN = 100;
/** A restart of the server is no problem. */
const HOLD_MS = 5000;

export function publishView(link: NodeLink): PublishView {
  const { name, server, sinceMs, reason, connects, sent, received, dropped, queuedBytes } = link;
  return {
    node: name,
    server: server ?? null,
    sinceMs,
    reason: server === undefined ? reason : null,
    connects,
    sent,
    received: received.received,
    lost: received.lost,
    dropped: { ...dropped },
    queuedBytes,
    nodes: received.nodes.slice(-MAX_SHOWN).map((each) => ({
      node: each.id,
      name: each.name,
      received: each.received,
      lost: each.lost,
    })),
  };
}

export function publishCondition({ server, reason }: NodeLink): Condition {
  return {
    key: "publish/nats",
    severity: "critical",
    subject: "messages between nodes",
    state: "down",
    reason: `not connected to the NATS server: ${reason}`,
    isOver: server === undefined,
    holdMs: HOLD_MS,
    clearMs: 0,
  };
}

export function publishMetrics(link: () => NodeLink): Metric[] {
  const counter = (name: string, help: string, read: (link: NodeLink) => number): Metric => ({
    name: `tenk_publish_${name}_total`,
    help,
    type: "counter",
    read: (report) => report(read(link())),
  });
  return [
    {
      name: "tenk_publish_connected",
      help: "Whether this node is connected to the NATS server (1) or not (0).",
      type: "gauge",
      read: (report) => report(link().server === undefined ? 0 : 1),
    },
    {
      name: "tenk_publish_nodes",
      help: "Other nodes that are known.",
      type: "gauge",
      read: (report) => report(link().received.nodes.length),
    },
    {
      name: "tenk_publish_queued_bytes",
      help: "Bytes of messages to other nodes that wait, or that the server has not confirmed.",
      type: "gauge",
      read: (report) => report(link().queuedBytes),
    },
    counter("connects", "Connections to the NATS server that were opened.", ({ connects }) => connects),
    counter("sent", "Messages sent to other nodes.", ({ sent }) => sent),
    counter("received", "Messages of other nodes.", ({ received }) => received.received),
    counter(
      "lost",
      "Messages of other nodes that did not come, or came behind their successors.",
      ({ received }) => received.lost,
    ),
    counter("foreign", "Messages of other programs at the NATS server.", ({ foreign }) => foreign),
    counter("invalid", "Messages that no listener can have.", ({ invalid }) => invalid),
    {
      name: "tenk_publish_dropped_total",
      help: "Messages that were not sent to other nodes, by reason.",
      type: "counter",
      read: (report) => {
        for (const reason of DROP_REASONS) report(link().dropped[reason], { reason });
      },
    },
  ];
}

/**
 * ```text
 * node   nats                      sent  received  lost  dropped  other nodes
 * cellar nats://10.0.0.2:4222      1200      2400     0        0  2
 * ```
 */
export function publishTables({ view }: StatusLook<PublishView>): StatusTable[] {
  const dropped = Object.values(view.dropped).reduce((sum, each) => sum + each, 0);
  return [
    {
      columns: [
        { title: "node" },
        { title: "nats" },
        { title: "sent", align: "right" },
        { title: "received", align: "right" },
        { title: "lost", align: "right" },
        { title: "dropped", align: "right" },
        { title: "other nodes" },
      ],
      rows: [
        [
          view.node,
          view.server ?? { text: `not connected: ${view.reason}`, tone: "bad" },
          `${view.sent}`,
          `${view.received}`,
          view.lost === 0 ? "0" : { text: `${view.lost}`, tone: "bad" },
          dropped === 0 ? "0" : { text: `${dropped}`, tone: "bad" },
          view.nodes.map(({ name }) => name).join(", "),
        ],
      ],
    },
  ];
}

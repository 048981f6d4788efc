import type { Log } from "../base/mod.ts";

/** How a node is joined with the others. */
export interface NodeSettings {
  /** URLs of NATS servers of one cluster. */
  readonly servers: readonly string[];
  /** Of this node, for people. */
  readonly name: string;
  /** First word of all subjects. */
  readonly prefix: string;
  readonly maxQueuedBytes: number;
  readonly maxMessageBytes: number;
  readonly maxBackoffMs: number;
  readonly announceMs: number;
  readonly maxNodes: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Content of a credentials file (JWT and seed). */
  readonly credentials?: string | undefined;
  /** PEM texts; undefined for what the URL and the server say. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
}

export const NODE_DEFAULTS = {
  prefix: "tenk",
  maxQueuedBytes: 8 * 1024 * 1024,
  maxMessageBytes: 1024 * 1024,
  maxBackoffMs: 10_000,
  announceMs: 1000,
  maxNodes: 1000,
} as const;

/** Why a message was not sent. */
export const DROP_REASONS = ["disconnected", "slow", "oversized", "refused"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export interface NodeLinkOptions extends NodeSettings {
  readonly log: Log;
  /** Brings a message of another node to the connections here. */
  readonly deliver: (listener: string, topic: string, message: Uint8Array) => void;
}

import { z } from "zod";
import { acceptFields, bufferFields, limits, serverTls, workers } from "../../listener/mod.ts";
import { LISTEN_DEFAULTS, SUBSCRIBER_DEFAULTS } from "../../net/mod.ts";
import { address, addresses, count, oneOf, onOff, section, size } from "../../part/mod.ts";
import { LISTENER_ABOUT, SUBSCRIBERS_ABOUT } from "./about.ts";
import { relay } from "./sections.ts";

/** Handlers that are part of tenk; any other is a file. */
export const BUILT_IN = ["sink", "echo", "relay"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export function isBuiltIn(handler: string): handler is BuiltIn {
  return (BUILT_IN as readonly string[]).includes(handler);
}

const EXPECTED_HANDLER = "expected sink, echo, relay or a file such as ./chat.ts";

/** After parsing, sizes are bytes and times are milliseconds; 0 means no limit, or the system's default. */
const listener = section(
  {
    listen: address("0.0.0.0"),
    handler: z
      .string({ error: EXPECTED_HANDLER })
      .refine((handler) => isBuiltIn(handler) || /[/.]/.test(handler), EXPECTED_HANDLER)
      .default("sink"),
    options: z.unknown().optional(),
    relay: relay.optional(),
    workers: workers.default(LISTEN_DEFAULTS.workers),
    tls: serverTls.optional(),
    ...acceptFields,
    // Its default depends on the handler: a relay needs it.
    halfOpen: onOff.nullable().default(null),
    ...bufferFields,
    subscribers: section(
      {
        maxQueued: size.default(SUBSCRIBER_DEFAULTS.maxQueuedBytes),
        whenFull: oneOf("drop-oldest", "drop-newest", "close").default(SUBSCRIBER_DEFAULTS.whenFull),
        maxTopics: count.default(SUBSCRIBER_DEFAULTS.maxTopics),
        maxRelayed: size.default(SUBSCRIBER_DEFAULTS.maxRelayedBytes),
      },
      SUBSCRIBERS_ABOUT,
    ).prefault({}),
    limits: limits.prefault({}),
    dump: oneOf("off", "text", "hex").default("off"),
    dumpFilter: addresses.optional(),
  },
  LISTENER_ABOUT,
)
  .superRefine((listener, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (listener.handler === "relay" && !listener.relay) wrong("relay", "expected a section, as handler is relay");
    if (listener.handler !== "relay" && listener.relay)
      wrong("relay", `only for handler: relay (it is ${listener.handler})`);
    if (listener.handler === "relay" && listener.halfOpen === false)
      wrong("halfOpen", "expected true, as a relay keeps half-close");
    if (isBuiltIn(listener.handler) && listener.options !== undefined)
      wrong("options", `only for a handler's file (it is ${listener.handler})`);
    if (listener.dump === "off" && listener.dumpFilter) wrong("dumpFilter", "only beside dump: text or dump: hex");
    if ("path" in listener.listen && listener.workers !== 1)
      wrong("workers", "expected 1, as the kernel shares no Unix socket");
  })
  .transform((listener) => ({ ...listener, halfOpen: listener.halfOpen ?? listener.handler === "relay" }));

const listenerName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, { error: "expected a name of a-z, 0-9 and -, at most 40, a letter first" });

/** The `tcp:` section: listeners by name. */
export const TCP_SCHEMA = z
  .record(listenerName, listener, { error: "expected listeners by name" })
  .refine((listeners) => Object.keys(listeners).length > 0, "expected at least one listener")
  .prefault({ packets: { listen: 9091, handler: "sink" } });

export type TcpConfig = z.output<typeof TCP_SCHEMA>;

/** The section, and what it depends on. */
export interface TcpSettings {
  readonly config: TcpConfig;
  /** The folder that relative paths are relative to. */
  readonly folder: string;
  /** Of this machine's name in certificates. @default {none} */
  readonly domain?: string | undefined;
}

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `writeQueue` and the buffers bytes. */
export type ListenerConfig = TcpConfig[string];

/** A `relay:` section. */
export type RelayConfig = NonNullable<ListenerConfig["relay"]>;

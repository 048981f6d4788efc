import { sourceUrl } from "../../base/mod.ts";
import { type DatagramAsker, listenUdp, type UdpOptions, type UdpServer, UdpThread } from "../../net/mod.ts";
import type { Noticed } from "../guard/mod.ts";
import type { ChainSettings } from "./chain-settings.ts";
import { HandedOver, LOG_HALF_FULL } from "./handed-over.ts";

export interface UdpListenerOptions
  extends Pick<UdpOptions, "hosts" | "port" | "workers" | "receiveBufferBytes" | "thread"> {
  /** Called at each start of a thread for what it is started with. */
  readonly start: () => ChainSettings;
  /** Called for a query that could not be answered from memory; its bytes are borrowed. Answer it by `UdpServer.answer` with `asker`. */
  readonly missed: (bytes: Uint8Array, asker: DatagramAsker) => void;
  /** Called for a query whose stored answer should be refreshed; no client waits for it. Its bytes are borrowed. */
  readonly aged: (bytes: Uint8Array) => void;
  /** Called when a thread's ring of the query log is half full: drain it. @default {nothing} */
  readonly logHalfFull?: () => void;
  /** Called when a thread refuses clients, at a bounded rate, and when an upstream sent a query back. @default {nothing} */
  readonly noticed?: Noticed;
}

/** Begins to load what the first thread of the listener runs. */
export function beginUdpThread(): UdpThread {
  return new UdpThread(new URL(sourceUrl("dns/listeners/udp-program.ts")));
}

/**
 * Opens the port for queries by UDP.
 *
 * @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `descriptors-exhausted`
 */
export function openUdpListener({
  missed,
  aged,
  logHalfFull,
  noticed,
  ...options
}: UdpListenerOptions): Promise<UdpServer> {
  return listenUdp(new URL(sourceUrl("dns/listeners/udp-program.ts")), {
    ...options,
    name: "dns",
    message: (message) => {
      if (message === LOG_HALF_FULL) logHalfFull?.();
      else noticed?.(message as Parameters<Noticed>[0]);
    },
    handedOver: (bytes, asker, note) => {
      if (note === HandedOver.refresh) aged(bytes);
      else missed(bytes, asker);
    },
  });
}

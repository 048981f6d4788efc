import { type Log, TenkError } from "../../base/mod.ts";
import {
  type DesiredListener,
  handshakeOptions,
  type ListenerKind,
  ListenerSet,
  listenAtFirst,
  listeningOf,
  logFields,
  optionsDifference,
} from "../../listener/mod.ts";
import type { Handler, UdpServer } from "../../net/mod.ts";
import { type Certificates, formatAddress, isWildcard, type Listening, type PreparedChange } from "../../part/mod.ts";
import type { DnsConfig } from "../config.ts";
import { openUdpListener, type UdpListenerOptions } from "../listeners/mod.ts";
import { portFix } from "./port-fix.ts";

/** Ports of DNS and of DNS over TLS, each with those to take where it is not to be had. */
const PORTS = [53, 5354] as const;
const TLS_PORTS = [853, 8853, 0] as const;
/** A free port of UDP may be taken by TCP. */
const MAX_PORT_ATTEMPTS = 20;

export interface ListenersOptions
  extends Pick<UdpListenerOptions, "start" | "missed" | "aged" | "logHalfFull" | "noticed" | "thread"> {
  readonly config: DnsConfig;
  /** Names of the certificate of DNS over TLS. */
  readonly certificateNames: readonly string[];
  readonly certificates: Certificates;
  readonly handler: Handler;
  readonly autoPort: boolean;
  readonly log: Log;
}

interface Bound {
  readonly udp: UdpServer;
  readonly port: number;
}

/** What listens for queries: UDP and TCP on one port, and TLS. */
export class DnsListeners {
  readonly #options: Omit<ListenersOptions, "config" | "certificateNames">;
  readonly #streams: ListenerSet<DesiredListener>;
  #udp: UdpServer | undefined;
  #config: DnsConfig;
  /** The address that stands for all. */
  #everywhere = "::";
  #certificateNames: readonly string[];

  private constructor({ config, certificateNames, ...options }: ListenersOptions) {
    this.#options = options;
    this.#config = config;
    this.#certificateNames = certificateNames;
    const { log, certificates } = options;
    this.#streams = new ListenerSet(KIND, { log, certificates });
  }

  /**
   * Opens everything.
   *
   * @throws {TenkError} `port-in-use` naming the holder, `permission-denied` with the fix, `address-unavailable`
   */
  static async start(options: ListenersOptions): Promise<DnsListeners> {
    const listeners = new DnsListeners(options);
    const { config, log, autoPort } = options;
    const { hosts, ports } = placesOf(config, autoPort);
    await listenAtFirst(
      {
        name: "dns",
        host: hosts?.[0] ?? "::",
        ports,
        setting: "dns.listen",
        transport: "tcp or udp",
        fixOf: portFix,
        log,
      },
      (port) => listeners.#open(port),
    );
    return listeners;
  }

  /** The port of UDP and TCP. */
  get port(): number {
    return this.#udp!.port;
  }

  get udp(): UdpServer {
    return this.#udp!;
  }

  get streams(): ListenerSet<DesiredListener>["running"] {
    return this.#streams.running;
  }

  listening(): Listening[] {
    const udp = this.#udp!;
    const { port } = udp;
    const { hosts } = placesOf(this.#config, false);
    return [
      { name: "udp", address: { host: hosts?.[0] ?? "::", port }, facts: { workers: udp.workers } },
      ...this.#streams.running.map((each) => listeningOf(each, logFields(each))),
    ];
  }

  /**
   * Prepares another configuration. Certificates and limits change while it listens; an address, only by opening it anew.
   *
   * @throws {TenkError} as `start`
   */
  async prepare(config: DnsConfig, certificateNames: readonly string[]): Promise<PreparedChange> {
    const isMoved =
      JSON.stringify([config.listen, config.workers]) !== JSON.stringify([this.#config.listen, this.#config.workers]);
    if (isMoved)
      throw new TenkError("config", "Cannot change dns.listen and dns.workers while tenk runs", {
        hint: "restart tenk",
      });
    const change = await this.#streams.prepare(() => this.#desired(config, certificateNames, this.port));
    return {
      ...change,
      commit: async () => {
        await change.commit();
        this.#config = config;
        this.#certificateNames = certificateNames;
      },
    };
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#udp?.stop(), this.#streams.stop(graceMs)]);
  }

  /** Opens UDP and TCP at one port: 0 is one that both have. */
  async #open(port: number): Promise<Bound> {
    const { config, ...options } = { config: this.#config, ...this.#options };
    for (let attempt = 1; ; attempt++) {
      const { hosts } = placesOf(config, false);
      const udp = await openUdpListener({
        ...options,
        ...(hosts && { hosts }),
        port,
        workers: config.workers,
      });
      try {
        await this.#startStreams(udp.port);
        this.#udp = udp;
        return { udp, port: udp.port };
      } catch (error) {
        await udp.stop();
        const isTaken = error instanceof TenkError && error.code === "port-in-use";
        if (!isTaken || port !== 0 || attempt === MAX_PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** TCP has no socket for IPv4 and IPv6 where the kernel has no IPv6; UDP finds that out by itself. */
  async #startStreams(port: number): Promise<void> {
    const start = () => this.#streams.start(this.#desired(this.#config, this.#certificateNames, port));
    try {
      await start();
    } catch (error) {
      const isWithoutIpv6 = error instanceof TenkError && error.code === "address-unavailable";
      if (!isWithoutIpv6 || this.#everywhere !== "::") throw error;
      this.#everywhere = "0.0.0.0";
      await start();
    }
  }

  #desired(config: DnsConfig, certificateNames: readonly string[], port: number): DesiredListener[] {
    const { handler, autoPort } = this.#options;
    const hosts = config.listen === "auto" ? [this.#everywhere] : [config.listen].flat().map(({ host }) => host);
    const { limits } = config;
    const common = {
      workers: 1,
      limits: { maxConnections: limits.connections, maxPerAddress: limits.perAddress },
    };
    const tcp = hosts.map((host, index): DesiredListener => {
      const name = index === 0 ? "tcp" : `tcp ${formatAddress({ host, port })}`;
      return {
        name,
        listen: { host, port },
        setting: "dns.listen",
        options: { host, port, name: "dns", ...common },
        handler,
      };
    });
    if (config.tls === "off") return tcp;
    const [own, ...fallbackPorts] = TLS_PORTS;
    const listen = config.tls === "auto" ? { host: hosts[0]!, port: own } : config.tls;
    const tls: DesiredListener = {
      name: "tls",
      listen,
      fallbackPorts: config.tls === "auto" ? fallbackPorts : autoPort ? [0] : [],
      setting: "dns.tls",
      certificates: { owner: "dns", names: certificateNames },
      options: { ...listen, name: "dns-tls", ...common },
      handler,
      tlsOptions: { ...handshakeOptions(config.tlsOptions), alpn: ["dot"], alpnMismatch: "continue" },
    } as DesiredListener;
    return [...tcp, tls];
  }
}

const KIND: ListenerKind<DesiredListener> = {
  completed: (listener, { certificates }) => {
    const { tlsOptions } = listener as DesiredListener & { readonly tlsOptions?: object };
    if (certificates === undefined || tlsOptions === undefined) return listener;
    return { ...listener, options: { ...listener.options, tls: { ...certificates, ...tlsOptions } } };
  },
  differenceOf: optionsDifference,
  rebuilt: (before) => before,
  changed: (_, desired) => desired,
  logFields,
};

/** Returns where UDP listens. Without hosts it is all addresses, also where the kernel has no IPv6. */
function placesOf({ listen }: DnsConfig, autoPort: boolean): { hosts: string[] | undefined; ports: readonly number[] } {
  if (listen === "auto") return { hosts: undefined, ports: autoPort ? [...PORTS, 0] : PORTS };
  const addresses = [listen].flat();
  const isEverywhere = addresses.some(({ host }) => isWildcard(host) && host.includes(":"));
  return {
    hosts: isEverywhere ? undefined : addresses.map(({ host }) => host),
    ports: [addresses[0]!.port, ...(autoPort && addresses[0]!.port !== 0 ? [0] : [])],
  };
}

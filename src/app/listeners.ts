import { type Log, TenkError } from "../base/mod.ts";
import { type Limits, type ListenOptions, listen, type Server } from "../net/mod.ts";
import { HANDLERS } from "../tcp/mod.ts";
import { formatAddress } from "./address.ts";
import type { Config, ListenerConfig } from "./config.ts";
import { portHolder } from "./port-holder.ts";

/** A listener that runs, and what it runs. */
export interface RunningListener {
  readonly name: string;
  readonly handler: ListenerConfig["handler"];
  readonly server: Server;
}

export interface StartOptions {
  readonly log: Log;
  /** Take a free port, and say so, where a listener's own is in use. @default {false} */
  readonly orFree?: boolean;
}

/**
 * Starts every listener, one after the other. When one cannot start, those already started are stopped again.
 *
 * @throws {TenkError} `port-in-use` naming the holder where it can be known, or what `listen` throws
 */
export async function startListeners(configured: Config["tcp"], options: StartOptions): Promise<RunningListener[]> {
  const running: RunningListener[] = [];
  try {
    for (const [name, config] of Object.entries(configured)) {
      running.push({ name, handler: config.handler, server: await startListener(name, config, options) });
    }
  } catch (error) {
    await Promise.all(running.map(({ server }) => server.stop({ graceMs: 0 })));
    throw error;
  }
  return running;
}

async function startListener(
  name: string,
  config: ListenerConfig,
  { log, orFree = false }: StartOptions,
): Promise<Server> {
  const { handler, url } = HANDLERS[config.handler];
  // Workers load the handler themselves: functions do not travel between threads.
  const chosen = config.workers === 1 ? handler : url;
  const options = listenOptions(name, config);
  try {
    return await listen(options, chosen);
  } catch (error) {
    if (!(error instanceof TenkError) || error.code !== "port-in-use") throw error;
    const refusal = portInUse(name, config, error);
    if (!orFree || !("port" in config.listen)) throw refusal;
    const server = await listen({ ...options, port: 0 }, chosen);
    log.warn("port taken instead", { name, wanted: config.listen.port, port: server.port, why: refusal.message });
    return server;
  }
}

function portInUse(name: string, { listen: address }: ListenerConfig, cause: TenkError): TenkError {
  const holder = "port" in address ? portHolder(address.port) : undefined;
  const by = holder ? ` by ${holder.program} (pid ${holder.pid})` : "";
  return new TenkError("port-in-use", `Cannot listen on ${formatAddress(address)} for "${name}": it is in use${by}`, {
    cause,
    hint: holder ? "stop it or choose another port" : "choose another port",
  });
}

/** The words of the configuration file as those of `net`. */
export function listenOptions(name: string, config: ListenerConfig): ListenOptions {
  return {
    ...config.listen,
    name,
    workers: config.workers,
    backlog: config.backlog,
    noDelay: config.noDelay,
    keepAliveMs: config.keepAlive,
    halfOpen: config.halfOpen,
    receiveBufferBytes: config.receiveBuffer,
    sendBufferBytes: config.sendBuffer,
    outboxHighBytes: config.outbox.high,
    outboxLowBytes: config.outbox.low,
    outboxMaxBytes: config.outbox.max,
    limits: limitsOf(config.limits),
  };
}

function limitsOf(limits: ListenerConfig["limits"]): Limits {
  return {
    maxConnections: limits.connections,
    maxPerAddress: limits.perAddress,
    acceptsPerSecond: limits.acceptsPerSecond,
    idleMs: limits.idle,
    firstByteMs: limits.firstByte,
    lifetimeMs: limits.lifetime,
    stallMs: limits.stall,
  };
}

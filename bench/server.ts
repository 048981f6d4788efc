import { freePort } from "./free-port.ts";
import type { BenchOptions } from "./options.ts";
import { type Peer, SENDER } from "./peers.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";
import { answers, type Running, start } from "./process.ts";

const START_MS = 20_000;
const ANSWER_MS = 120_000;
/** Rate at which the connections are opened whose memory is measured. */
const CONNECTS_PER_SECOND = 2000;
/** A slice with less than this share of the planned messages had the wrong load, and is repeated. */
const LEAST_SENT = 0.99;

/** The CPU of one server over one short stretch of load. */
export interface Slice {
  readonly cpuUsPerMessage: number;
  readonly userUsPerMessage: number;
  readonly messagesPerSecond: number;
  /** The sender's CPU time, as a share of its processor. */
  readonly senderBusy: number;
}

/** All connections opened at full speed. */
export interface Burst {
  /** Until the server's process had accepted them all (or the kernel, where that cannot be observed). */
  readonly heldMs: number;
  /** The slowest single connect. */
  readonly connectMaxMs: number;
}

export interface ServerResult {
  /** Anonymous memory before the first connection. */
  readonly emptyBytes: number;
  readonly idleBytesPerConnection: number;
  readonly loadedBytesPerConnection: number;
  readonly slices: readonly Slice[];
  readonly bursts: readonly Burst[];
  readonly failedConnects: number;
  readonly messagesSent: number;
  /** Counted by the server. */
  readonly bytesReceived: number;
}

interface Connected {
  readonly established: number;
  readonly failed: number;
  readonly establishedMs: number;
  readonly acceptedMs: number | null;
  readonly connectMaxMs: number;
}

interface Sent {
  readonly messages: number;
  readonly tookMs: number;
  readonly cpuMs: number;
}

/**
 * One server with its own sender, running for the whole benchmark. Its connections stay open and silent while others are
 * measured, so that slices of all servers alternate within seconds and disturbances of the machine affect all alike.
 */
export class ServerUnderTest {
  readonly peer: Peer;
  readonly #options: BenchOptions;
  readonly #server: Running;
  readonly #sender: Running;
  readonly #slices: Slice[] = [];
  readonly #bursts: Burst[] = [];
  #emptyBytes = Number.NaN;
  #idleBytes = Number.NaN;
  #loadedBytes = Number.NaN;
  #established = 0;
  #failedConnects = 0;
  #messagesSent = 0;

  private constructor(peer: Peer, port: number, options: BenchOptions) {
    this.peer = peer;
    this.#options = options;
    this.#server = start(peer.command("sink", port), options.pin ? 1 : undefined);
    this.#sender = start([SENDER, String(port), String(this.#server.pid)], options.pin ? 0 : undefined);
  }

  /** Starts it, opens the connections, reads its memory before and after, and warms it up. */
  static async open(peer: Peer, options: BenchOptions): Promise<ServerUnderTest> {
    const port = await freePort();
    const server = new ServerUnderTest(peer, port, options);
    try {
      if (!(await answers(port, START_MS))) throw new Error(`did not listen: ${server.#server.complaint()}`);
      await server.#fill();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async #fill(): Promise<void> {
    await Bun.sleep(1000);
    this.#emptyBytes = anonymousBytesOf(this.#server.pid);
    const { established, failed } = await this.#request<Connected>(
      `connect ${this.#options.connections} ${CONNECTS_PER_SECOND}`,
    );
    this.#established = established;
    this.#failedConnects += failed;
    await Bun.sleep(2000);
    this.#idleBytes = anonymousBytesOf(this.#server.pid);
    await this.#send(this.#options.warmUpSeconds);
  }

  /** Returns false when the sender could not keep its plan; the slice is then dropped. */
  async slice(): Promise<boolean> {
    const { connections, perSecond, seconds } = this.#options;
    const before = cpuTimeOf(this.#server.pid);
    const { messages, tookMs, cpuMs } = await this.#send(seconds);
    await Bun.sleep(100);
    const after = cpuTimeOf(this.#server.pid);
    this.#loadedBytes = anonymousBytesOf(this.#server.pid);
    const messagesPerSecond = (messages * 1000) / tookMs;
    if (messagesPerSecond < LEAST_SENT * connections * perSecond) return false;
    const userUsPerMessage = ((after.userMs - before.userMs) * 1000) / messages;
    const systemUsPerMessage = ((after.systemMs - before.systemMs) * 1000) / messages;
    this.#slices.push({
      cpuUsPerMessage: userUsPerMessage + systemUsPerMessage,
      userUsPerMessage,
      messagesPerSecond,
      senderBusy: cpuMs / tookMs,
    });
    return true;
  }

  /** Closes all connections, waits until the server has noticed, and opens all at once. */
  async burst(): Promise<void> {
    await this.#request("close");
    await Bun.sleep(1500);
    const { failed, establishedMs, acceptedMs, connectMaxMs } = await this.#request<Connected>(
      `connect ${this.#options.connections} 0`,
    );
    this.#failedConnects += failed;
    this.#bursts.push({ heldMs: acceptedMs ?? establishedMs, connectMaxMs });
  }

  async result(): Promise<ServerResult> {
    return {
      emptyBytes: this.#emptyBytes,
      idleBytesPerConnection: (this.#idleBytes - this.#emptyBytes) / this.#established,
      loadedBytesPerConnection: (this.#loadedBytes - this.#emptyBytes) / this.#established,
      slices: this.#slices,
      bursts: this.#bursts,
      failedConnects: this.#failedConnects,
      messagesSent: this.#messagesSent,
      bytesReceived: await this.#bytesReceived(),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#sender.stop(), this.#server.stop()]);
  }

  async #bytesReceived(): Promise<number> {
    if (this.peer.received) return await this.peer.received(this.#server);
    await this.#server.stop();
    return (JSON.parse(this.#server.lines.at(-1) ?? "{}") as { bytes?: number }).bytes ?? Number.NaN;
  }

  async #send(seconds: number): Promise<Sent> {
    const { perSecond, size, tickUs } = this.#options;
    const sent = await this.#request<Sent>(`send ${perSecond} ${seconds} ${size} ${tickUs}`);
    this.#messagesSent += sent.messages;
    return sent;
  }

  async #request<Answer>(line: string): Promise<Answer> {
    this.#sender.write(line);
    return JSON.parse(await this.#sender.nextLine(ANSWER_MS)) as Answer;
  }
}

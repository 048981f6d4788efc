import { setTimeout as wait } from "node:timers/promises";
import { messageOf, occasionally } from "../base/mod.ts";
import type { TopicLink } from "../part/mod.ts";
import { readAnnouncement } from "./announcement.ts";
import { type Arrived, NodeConnection } from "./connection.ts";
import { Received } from "./received.ts";
import { DROP_REASONS, type DropReason, type NodeLinkOptions } from "./settings.ts";
import { Subjects } from "./subject.ts";

const FIRST_BACKOFF_MS = 100;
/** So many bytes are sent before the server is asked whether it has taken them; less where fewer may wait. */
const FLUSH_BYTES = 64 * 1024;
const FLUSHES_PER_QUEUE = 8;
/** A waiting message holds more memory than its bytes. */
const LEAST_COST_BYTES = 128;

interface Waiting {
  readonly listener: string;
  readonly topic: string;
  readonly message: Uint8Array;
}

/**
 * Joins the topics of this process with those of other nodes through a NATS server: a message goes to each other node once, and is fanned
 * out there.
 *
 * ```text
 *   publish ─► connected ─► numbered ─► NATS ─► other nodes: in order, or counted as lost
 *              not       ─► waits, up to maxQueued ─► sent when it is back; beyond: dropped and counted
 * ```
 *
 * At most once: nothing is sent twice, and nothing is lost that is not counted, here or where it should have come.
 */
export class NodeLink implements TopicLink {
  /** Of this process: another start is another node. */
  readonly id = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  readonly name: string;
  readonly received: Received;
  readonly dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  sent = 0;
  /** Messages of other programs, without a number. */
  foreign = 0;
  /** Messages that no listener of tenk can have: a topic that is none, or our own that came back. */
  invalid = 0;
  connects = 0;
  sinceMs = Date.now();
  reason = "not connected yet";
  readonly #options: NodeLinkOptions;
  readonly #subjects: Subjects;
  readonly #sequences = new Map<string, number>();
  readonly #stopped = new AbortController();
  readonly #logDropped: () => void;
  readonly #flushBytes: number;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Bytes that the server has not said it has. */
  #unconfirmedBytes = 0;
  #isFlushing = false;
  #connection: NodeConnection | undefined;
  #listeners: readonly string[] = [];
  readonly #subscribed = new Map<string, () => void>();
  #running: Promise<void> | undefined;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.name = options.name;
    this.received = new Received(options.maxNodes);
    this.#subjects = new Subjects(options.prefix);
    this.#flushBytes = Math.min(FLUSH_BYTES, options.maxQueuedBytes / FLUSHES_PER_QUEUE);
    this.#logDropped = occasionally((count) =>
      options.log.warn("messages to other nodes dropped", { count, ...this.dropped }),
    );
  }

  /** The server it is connected to; undefined while there is none. */
  get server(): string | undefined {
    return this.#connection?.server;
  }

  get queuedBytes(): number {
    return this.#waitingBytes + this.#unconfirmedBytes;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Sends what waits, says goodbye, and ends. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#announce(connection, true);
      await Promise.race([connection.flush().catch(() => undefined), wait(1000, undefined, { ref: false })]);
    }
    this.#stopped.abort();
    await connection?.close().catch(() => undefined);
    await this.#running;
  }

  listenersChanged(names: readonly string[]): void {
    this.#listeners = names;
    if (this.#connection !== undefined) this.#subscribe(this.#connection);
  }

  publish(listener: string, topic: string, message: Uint8Array): void {
    const { maxMessageBytes, maxQueuedBytes } = this.#options;
    const cost = Math.max(message.length, LEAST_COST_BYTES);
    const limit = Math.min(maxMessageBytes, this.#connection?.maxPayload ?? maxMessageBytes);
    if (message.length > limit) this.#drop("oversized");
    else if (this.queuedBytes + cost > maxQueuedBytes) this.#drop(this.#connection ? "slow" : "disconnected");
    else if (this.#connection !== undefined) this.#send(this.#connection, listener, topic, message);
    else {
      this.#waiting.push({ listener, topic, message });
      this.#waitingBytes += cost;
    }
  }

  #send(connection: NodeConnection, listener: string, topic: string, message: Uint8Array): void {
    const sequence = (this.#sequences.get(listener) ?? 0) + 1;
    try {
      connection.publish(this.#subjects.of(listener, topic), message, this.id, sequence);
    } catch {
      // Longer than the server takes with its header, or it ended just now.
      this.#drop("refused");
      return;
    }
    this.#sequences.set(listener, sequence);
    this.sent += 1;
    this.#unconfirmedBytes += Math.max(message.length, LEAST_COST_BYTES);
    if (this.#unconfirmedBytes >= this.#flushBytes && !this.#isFlushing) void this.#flush(connection);
  }

  async #flush(connection: NodeConnection): Promise<void> {
    this.#isFlushing = true;
    const bytes = this.#unconfirmedBytes;
    try {
      await connection.flush();
      if (this.#connection === connection) this.#unconfirmedBytes -= bytes;
    } catch {
      // It has ended, and #run goes on.
    } finally {
      if (this.#connection === connection) this.#isFlushing = false;
    }
    if (this.#connection === connection && this.#unconfirmedBytes >= this.#flushBytes) void this.#flush(connection);
  }

  #drop(reason: DropReason): void {
    this.dropped[reason] += 1;
    this.#logDropped();
  }

  /** Connects, again and again. */
  async #run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stopped.signal.aborted) {
      const connectedMs = await this.#serve();
      if (this.#stopped.signal.aborted) return;
      // One that ends at once, again and again, is as one that cannot be opened.
      backoffMs = connectedMs > backoffMs * 2 ? FIRST_BACKOFF_MS : Math.min(backoffMs * 2, this.#options.maxBackoffMs);
      // Many nodes that lost one server do not come back in the same moment.
      const waitMs = backoffMs * (0.5 + Math.random() / 2);
      await wait(waitMs, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Opens a connection and uses it to its end. @returns for how long it was one */
  async #serve(): Promise<number> {
    const { log, announceMs } = this.#options;
    let connection: NodeConnection;
    try {
      connection = await NodeConnection.open(this.#options);
    } catch (error) {
      if (this.connects === 0 && this.reason === "not connected yet")
        log.warn("not connected to other nodes, trying again", { reason: messageOf(error) });
      this.reason = messageOf(error);
      return 0;
    }
    if (this.#stopped.signal.aborted) {
      await connection.close();
      return 0;
    }
    this.#connected(connection);
    const announcing = setInterval(() => this.#announce(connection, false), announceMs);
    announcing.unref();
    const error = await connection.ended();
    clearInterval(announcing);
    return this.#disconnected(error);
  }

  #connected(connection: NodeConnection): void {
    this.connects += 1;
    this.sinceMs = Date.now();
    this.#connection = connection;
    this.#unconfirmedBytes = 0;
    this.#isFlushing = false;
    this.#subscribed.clear();
    // First the topics: what a node says it has sent is what should have come.
    this.#subscribe(connection);
    connection.subscribe(this.#subjects.nodes, ({ data }) => this.#heard(data));
    this.#announce(connection, false);
    this.#options.log.info("connected to other nodes", { server: connection.server, waiting: this.#waiting.length });
    this.#waitingBytes = 0;
    for (const { listener, topic, message } of this.#waiting.splice(0))
      this.#send(connection, listener, topic, message);
  }

  #disconnected(error: Error | undefined): number {
    const connectedMs = Date.now() - this.sinceMs;
    this.#connection = undefined;
    this.#unconfirmedBytes = 0;
    this.sinceMs = Date.now();
    this.reason = error === undefined ? "the server closed the connection" : messageOf(error);
    if (!this.#stopped.signal.aborted)
      this.#options.log.warn("connection to other nodes lost", { reason: this.reason, connectedMs });
    return connectedMs;
  }

  #subscribe(connection: NodeConnection): void {
    for (const [listener, unsubscribe] of this.#subscribed) {
      if (this.#listeners.includes(listener)) continue;
      unsubscribe();
      this.#subscribed.delete(listener);
      this.received.forgetListener(listener);
    }
    for (const listener of this.#listeners) {
      if (this.#subscribed.has(listener)) continue;
      const receive = (arrived: Arrived) => this.#arrived(listener, arrived);
      this.#subscribed.set(listener, connection.subscribe(this.#subjects.allOf(listener), receive));
    }
  }

  #arrived(listener: string, { subject, data, from }: Arrived): void {
    const topic = this.#subjects.topicOf(subject);
    if (topic === undefined || from?.node === this.id) {
      this.invalid += 1;
      return;
    }
    if (from === undefined) this.foreign += 1;
    else if (!this.received.take(from.node, listener, from.sequence)) return;
    this.#options.deliver(listener, topic, data);
  }

  #announce(connection: NodeConnection, isLast: boolean): void {
    const sent = Object.fromEntries(this.#listeners.map((name) => [name, this.#sequences.get(name) ?? 0]));
    try {
      connection.tell(this.#subjects.nodes, JSON.stringify({ node: this.id, name: this.name, sent, isLast }));
    } catch {
      // It ended just now.
    }
  }

  #heard(data: Uint8Array): void {
    const heard = readAnnouncement(data);
    if (heard === undefined || heard.node === this.id) return;
    for (const [listener, sent] of Object.entries(heard.sent))
      if (this.#subscribed.has(listener)) this.received.tell(heard.node, heard.name, listener, sent);
    if (heard.isLast) this.received.forget(heard.node);
  }
}

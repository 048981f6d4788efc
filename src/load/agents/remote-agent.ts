import type { Connection } from "../../net/mod.ts";
import { count, type Fields, finite } from "./check.ts";
import { ClockEstimate } from "./clock.ts";
import { malformed } from "./frame.ts";
import { receive, send, type ToAgent } from "./messages.ts";

/** Round trips from which an agent's clock is estimated before each beginning. */
const ROUND_TRIPS = 20;
const PING_MS = 1000;

/** What a run hears of its agents. */
export interface AgentEvents {
  /** A message of a run; its fields are not checked. */
  message(message: Fields & { readonly kind: string }): void;
  lost(why: string): void;
}

/** An agent that has joined, on the side of the controller. */
export class RemoteAgent {
  readonly name: string;
  readonly cores: number;
  readonly clock = new ClockEstimate();
  /** The time of day there, less that here. */
  wallOffsetMs = 0;
  /** Why it is not there any more. */
  lost: string | undefined;
  /** Of the run in progress. */
  events: AgentEvents | undefined;
  readonly #connection: Connection<unknown>;
  readonly #timer: ReturnType<typeof setInterval>;
  #pingId = 0;
  #pingSentMs = 0;
  #ponged: (() => void) | undefined;

  constructor(connection: Connection<unknown>, name: string, cores: number) {
    this.#connection = connection;
    this.name = name;
    this.cores = cores;
    this.#timer = setInterval(() => this.#ping(), PING_MS);
  }

  get address(): string {
    return this.#connection.remoteAddress;
  }

  send(message: ToAgent): void {
    send(this.#connection, message);
  }

  /** Measures its clock. Resolves when that is done, or when the agent is lost. */
  async measureClock(): Promise<void> {
    for (let trips = 0; trips < ROUND_TRIPS && this.lost === undefined; trips++) {
      await new Promise<void>((resolve) => {
        this.#ponged = resolve;
        this.#ping();
      });
    }
  }

  /** @throws {TenkError} for what no agent sends */
  took(frame: Uint8Array): void {
    const message = receive(frame);
    if (message.kind === "pong") this.#pong(message);
    else if (message.kind === "leave") this.end("it was stopped there");
    else this.events?.message(message);
  }

  /** It is gone, or is sent away. Only the first reason counts. */
  end(why: string): void {
    if (this.lost !== undefined) return;
    this.lost = why;
    clearInterval(this.#timer);
    this.#ponged?.();
    this.events?.lost(why);
    this.#connection.closeWhenSent();
  }

  #ping(): void {
    this.#pingId += 1;
    this.send({ kind: "ping", id: this.#pingId });
    this.#pingSentMs = performance.now();
  }

  #pong({ id, nowMs, wallMs }: Fields): void {
    const receivedMs = performance.now();
    // An answer to an earlier one says nothing of this one's time.
    if (count(id, "ping") > this.#pingId) throw malformed("an answer to no ping");
    if (id !== this.#pingId) return;
    this.clock.take({ sentMs: this.#pingSentMs, receivedMs, theirMs: finite(nowMs, "clock") });
    this.wallOffsetMs = finite(wallMs, "time of day") - Date.now();
    const ponged = this.#ponged;
    this.#ponged = undefined;
    ponged?.();
  }
}

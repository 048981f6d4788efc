import { TenkError } from "../../base/mod.ts";
import { type Connection, type Dialer, type PipeResult, pipe } from "../../net/mod.ts";
import type { Target } from "../../targets/mod.ts";
import type { RelaySettings } from "./options.ts";
import { proxyHeaderFor } from "./proxy-out.ts";

export type RelayTargetOf<Data> = Target<Dialer<Data>>;

/** The relay, as its pairs use it. */
export interface PairOwner {
  readonly settings: RelaySettings;
  choose(client: Connection, tried: readonly RelayTargetOf<Pair>[]): RelayTargetOf<Pair> | undefined;
  /** Called once for each pair. @param lackedTarget it was closed because none could be reached, not by its client or a stop */
  over(lackedTarget: boolean): void;
}

/** A client that sends more than this before it has a target is paused. */
const MAX_EARLY_BYTES = 16 * 1024;

const NONE: readonly RelayTargetOf<Pair>[] = [];

/**
 * A client and the target that it is relayed to.
 *
 * ```text
 *   client ─► choose ─► dial ── connected ─► PROXY header, early bytes ─► pipe ─► both closed: over
 *               ▲        │ failed                                                      ▲
 *               └────────┘ until `attempts` or none is left: close("no-target") ───────┘
 * ```
 *
 * What the client sends meanwhile is kept. It is paused only when that is much, since pause and resume cost the runtime as
 * many system calls as the rest of a short pair.
 */
export class Pair {
  readonly client: Connection;
  readonly #owner: PairOwner;
  #target: RelayTargetOf<Pair> | undefined;
  #isTrial = false;
  #beganMs = 0;
  #cancel: AbortController | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;
  #isOver = false;
  #lacksTarget = false;
  #early: Uint8Array | undefined;
  #clientFinished = false;

  constructor(client: Connection, owner: PairOwner) {
    this.client = client;
    this.#owner = owner;
  }

  get isDialling(): boolean {
    return !this.#isConnected && !this.#isOver;
  }

  /** Resolves when a target is reached, or the client closed; never rejects. */
  async dial(): Promise<void> {
    const { attempts } = this.#owner.settings;
    let tried = NONE;
    while (!this.client.closed && tried.length < attempts) {
      const target = this.#owner.choose(this.client, tried);
      if (target === undefined || (await this.#reached(target))) break;
      tried = [...tried, target];
    }
    if (!this.isDialling) return;
    this.#lacksTarget = true;
    this.client.close("no-target");
  }

  /** Keeps what the client sends before it has a target. */
  keep(bytes: Uint8Array): void {
    // A copy, since they are borrowed.
    this.#early = this.#early === undefined ? new Uint8Array(bytes) : Buffer.concat([this.#early, bytes]);
    if (this.#early.length > MAX_EARLY_BYTES) this.client.pause();
  }

  clientFinished(): void {
    this.#clientFinished = true;
  }

  /** Called by the dialer within the event that connected, so that none of the target's bytes comes before the pipe. */
  connected(server: Connection<Pair>): void {
    const { client } = this;
    const { proxyHeader } = this.#owner.settings;
    // First, since this may throw: a pair that counts as connected must have its pipe.
    if (!client.closed && proxyHeader !== "none") server.write(proxyHeaderFor(client, proxyHeader));
    if (!client.closed && this.#early !== undefined) server.write(this.#early);
    this.#early = undefined;
    this.#isConnected = true;
    this.#cancel = undefined;
    this.#target?.connected(performance.now() - this.#beganMs);
    pipe(client, server, {
      failureReason: "target",
      onFinish: () => this.#watchSilence(server),
      onClose: (result) => this.#closed(result),
    });
    if (this.#clientFinished && !client.closed) client.handler.end?.(client);
  }

  /** Called when the client closed. Where the pair is connected, the pipe reports its end afterwards. */
  clientClosed(): void {
    if (this.#isConnected) return;
    this.#end();
    this.#cancel?.abort();
  }

  /** @returns true when no other target should be tried */
  async #reached(target: RelayTargetOf<Pair>): Promise<boolean> {
    this.#target = target;
    this.#cancel = new AbortController();
    this.#beganMs = performance.now();
    this.#isTrial = target.began(this.#beganMs);
    try {
      await target.link.connect({ data: this, signal: this.#cancel.signal });
      if (this.#isConnected) return true;
      throw new TenkError("connect-aborted", `Cannot relay to ${target.address}: its PROXY header could not be made`);
    } catch (error) {
      this.#target = undefined;
      this.#cancel = undefined;
      target.failed(error, performance.now(), this.#isTrial);
      target.ended();
      return error instanceof TenkError && error.code === "descriptors-exhausted";
    }
  }

  /** After one side finished, the other may go on as long as bytes come or go: a peer that is gone would never close. */
  #watchSilence(server: Connection<Pair>): void {
    const { finishMs } = this.#owner.settings;
    if (finishMs === 0 || this.#silence !== undefined) return;
    const check = () => {
      const silentMs = Math.min(this.client.idleMs, server.idleMs);
      if (silentMs < finishMs) this.#silence = setTimeout(check, finishMs - silentMs);
      else for (const side of [this.client, server]) side.reset("idle");
    };
    this.#silence = setTimeout(check, finishMs);
  }

  #closed({ side, reason, cause }: PipeResult): void {
    clearTimeout(this.#silence);
    const target = this.#target as RelayTargetOf<Pair>;
    target.ended();
    if (side === "b" && reason !== "peer" && reason !== "idle") target.erred(cause?.message ?? reason);
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.over(this.#lacksTarget);
  }
}

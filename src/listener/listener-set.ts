import { setTimeout as wait } from "node:timers/promises";
import { type Log, messageOf, TenkError } from "../base/mod.ts";
import type { Server } from "../net/mod.ts";
import type { Certificates, PreparedChange } from "../part/mod.ts";
import { type Difference, dropAll, type PreparedListener, prepareAll } from "./change.ts";
import { DeclaredCertificates } from "./declared-certificates.ts";
import { type DryRun, dryRun, mayConflict } from "./dry-run.ts";
import { type DesiredListener, type RunningListener, startListener } from "./listener.ts";
import type { ListenerKind } from "./listener-kind.ts";

export interface ListenerSetOptions {
  readonly log: Log;
  /** The store. @default {listeners have certificates of their own} */
  readonly certificates?: Certificates;
  /** Take a free port, and log it, when a listener's own cannot be had. @default {false} */
  readonly autoPort?: boolean;
}

/** A prepared change of the listeners. */
interface Change<Desired extends DesiredListener> {
  readonly desired: readonly Desired[];
  readonly declared: DeclaredCertificates;
  readonly draining: readonly RunningListener<Desired>[];
  /** New listeners whose addresses were free. */
  readonly started: RunningListener<Desired>[];
  /** New listeners whose addresses are still held by `draining` ones. */
  readonly dryRuns: DryRun<Desired>[];
  /** Those of `draining` that have stopped, so that `dryRuns` can have their addresses. */
  readonly replaced: RunningListener<Desired>[];
  readonly prepared: PreparedListener<Desired>[];
}

/** How long the connections of a stopped listener may take to finish. */
const GRACE_MS = 10_000;
/** Workers take a moment to release a port that a new listener needs. */
const PORT_TIMEOUT_MS = 3000;
const PORT_RETRY_MS = 20;
/** A stop waits this long for a change under way, which may hang in a handler's file that never finishes loading. */
const CHANGE_TIMEOUT_MS = 3000;

/**
 * The running listeners of a part. A reload changes them as little as possible: unchanged listeners keep running, and only
 * settings that a running listener cannot take recreate it.
 *
 * ```text
 *   prepare   unchanged, or changes in place ─► prepared on its event loops
 *             new address ────────────────────► started there
 *             address held by one of ours ────► dry run at a free port
 *   claim     listeners of such addresses stop ─► dry runs start there; at a drop the former ones start again
 *   commit    the other draining ones stop ─► prepared changes take effect
 * ```
 */
export class ListenerSet<Desired extends DesiredListener> {
  readonly #kind: ListenerKind<Desired>;
  readonly #options: ListenerSetOptions;
  #running: RunningListener<Desired>[] = [];
  #declared = new DeclaredCertificates();
  /** Stopped listeners whose connections have not finished. */
  readonly #draining = new Map<RunningListener<Desired>, Promise<void>>();
  #isStopping = false;
  /** Settles when the change under way is committed or dropped. */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(kind: ListenerKind<Desired>, options: ListenerSetOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  get running(): readonly RunningListener<Desired>[] {
    return this.#running;
  }

  /**
   * Starts every listener, one after the other. When one cannot start, those already started are stopped again.
   *
   * @throws {TenkError} what is wrong with a listener, `port-in-use` naming the holder where it can be known
   */
  async start(desired: readonly Desired[]): Promise<void> {
    const done = await this.#lock();
    const started: RunningListener<Desired>[] = [];
    let declared: DeclaredCertificates | undefined;
    try {
      declared = await this.#declare(desired);
      for (const each of desired) {
        started.push(await startListener(this.#completed(each, declared, portsOf(started)), this.#options));
      }
      this.#declared = declared;
      this.#running = started;
    } catch (error) {
      declared?.close();
      await stopAll(started);
      throw error;
    } finally {
      done();
    }
  }

  /**
   * Prepares other listeners. New ports are opened, changes of running listeners are prepared on their event loops, and a
   * recreated listener (with other socket options or workers) is tried at a free port. The claim starts it at its own address; a
   * drop then restores the listeners that it replaced. Other changes wait until this one is committed or dropped.
   *
   * @param read the desired listeners, once earlier changes are over
   * @throws {TenkError} what is wrong, or that it is stopping; then no listener has changed
   */
  async prepare(read: () => readonly Desired[]): Promise<PreparedChange> {
    const done = await this.#lock();
    try {
      this.#throwIfStopping();
      const change = await this.#prepared(read());
      return {
        claim: () => this.#claim(change),
        commit: () => this.#commitAll(change).finally(done),
        drop: () => this.#drop(change).finally(done),
      };
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Changes one listener by itself, between other changes. @param change returns it as it is from now on */
  async changeOne(
    name: string,
    change: (running: RunningListener<Desired>) => Promise<RunningListener<Desired>>,
  ): Promise<void> {
    const done = await this.#lock();
    try {
      const before = this.#running.find((each) => each.name === name);
      if (before === undefined) return;
      const after = await change(before);
      this.#running = this.#running.map((each) => (each === before ? after : each));
    } finally {
      done();
    }
  }

  /** Stops all listeners; connections have `graceMs` to finish. A second call closes them at once. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const draining = [...this.#draining].map(([{ server }, left]) => Promise.all([server.stop({ graceMs: 0 }), left]));
    const running = this.#running.filter((each) => !this.#draining.has(each));
    const change = Promise.race([this.#lastChange, wait(CHANGE_TIMEOUT_MS, undefined, { ref: false })]);
    await Promise.all([...running.map(({ server }) => server.stop({ graceMs })), ...draining, change]);
    this.#declared.close();
  }

  /** Waits for earlier changes. @returns a function that lets the next change begin */
  async #lock(): Promise<() => void> {
    const before = this.#lastChange;
    let done = () => {};
    this.#lastChange = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  #declare(desired: readonly Desired[]): Promise<DeclaredCertificates> {
    return DeclaredCertificates.of(desired, this.#options.certificates, (owner) => this.#serveCertificates(owner));
  }

  #completed(desired: Desired, declared: DeclaredCertificates, ports: ReadonlyMap<string, number>): Desired {
    return this.#kind.completed?.(desired, { certificates: declared.tlsOf(desired), ports }) ?? desired;
  }

  /**
   * Event loops get what `completed` returns now; open connections keep what they have.
   *
   * @throws {TenkError} why a listener cannot take it; then nothing has changed
   */
  refresh(): Promise<void> {
    return this.#refresh(() => true);
  }

  /** The same for the listeners that serve certificates of an owner. */
  #serveCertificates(owner: string): Promise<void> {
    return this.#refresh(({ certificates }) => certificates?.owner === owner);
  }

  async #refresh(isMeant: (running: RunningListener<Desired>) => boolean): Promise<void> {
    // Whatever is under way comes first: a CA is told to look once this resolves.
    const done = await this.#lock();
    try {
      if (this.#isStopping) return;
      const ports = portsOf(this.#running);
      const pairs = this.#running
        .filter(isMeant)
        .map((before) => this.#compared(before, this.#completed(before, this.#declared, ports)));
      const after = await Promise.all((await prepareAll(pairs)).map((each) => this.#commit(each)));
      this.#running = this.#running.map((each) => after.find(({ name }) => name === each.name) ?? each);
    } finally {
      done();
    }
  }

  #compared(before: RunningListener<Desired>, after: Desired) {
    return [before, after, this.#kind.differenceOf(before, after)] as const;
  }

  get #log(): Log {
    return this.#options.log;
  }

  async #prepared(desired: readonly Desired[]): Promise<Change<Desired>> {
    const declared = await this.#declare(desired);
    const completed = (each: Desired, ports: ReadonlyMap<string, number>) => this.#completed(each, declared, ports);
    const staying = desired.flatMap((each) => {
      const before = this.#running.find(({ name }) => name === each.name);
      if (before === undefined || addressOf(before) !== addressOf(each)) return [];
      const [, , { restart }] = this.#compared(before, completed(each, portsOf(this.#running)));
      return restart ? [] : [[before, each] as const];
    });
    const draining = this.#running.filter((each) => !staying.some(([before]) => before === each));
    const recreated = desired.filter((each) => !staying.some(([, stays]) => stays === each));
    const change: Change<Desired> = {
      desired,
      declared,
      draining,
      started: [],
      dryRuns: [],
      replaced: [],
      prepared: [],
    };
    try {
      const ports = portsOf(staying.map(([before]) => before));
      for (const each of recreated) {
        const ready = await this.#startOrDryRun(this.#withCurrentPort(completed(each, ports)), draining);
        if ("server" in ready) change.started.push(ready);
        else change.dryRuns.push(ready);
        ports.set(each.name, "server" in ready ? ready.server.port : (ready.desired.options.port ?? 0));
        this.#throwIfStopping();
      }
      const pairs = staying.map(([before, each]) => this.#compared(before, completed(each, ports)));
      change.prepared.push(...(await prepareAll(pairs)));
      this.#throwIfStopping();
      return change;
    } catch (error) {
      await this.#drop(change);
      throw error;
    }
  }

  async #drop({ declared, started, dryRuns, replaced, prepared }: Change<Desired>): Promise<void> {
    declared.close();
    await Promise.all([stopAll(started), dropAll(prepared)]);
    for (const each of dryRuns) each.drop();
    for (const each of this.#isStopping ? [] : replaced) await this.#restore(each);
  }

  /** Starts those that were tried, once the listeners have stopped that have their addresses. @throws {TenkError} why the first cannot start */
  async #claim({ draining, dryRuns, replaced, started }: Change<Desired>): Promise<void> {
    replaced.push(...draining.filter((each) => dryRuns.some(({ desired }) => mayConflict(each, desired))));
    for (const each of replaced) this.#drain(each);
    for (const each of dryRuns)
      started.push(await this.#startWithRetry((findHolder) => each.start({ log: this.#log, findHolder })));
  }

  async #commitAll({ desired, declared, draining, replaced, started, prepared }: Change<Desired>): Promise<void> {
    for (const each of draining) if (!replaced.includes(each)) this.#drain(each);
    const settled = [...started, ...(await Promise.all(prepared.map((each) => this.#commit(each))))];
    this.#running = desired.map(({ name }) => settled.find((each) => each.name === name)!);
    this.#declared.close();
    this.#declared = declared;
    for (const { desired, difference } of prepared) this.#logChanged(desired, difference);
    // A stop that came meanwhile has not stopped these.
    if (this.#isStopping) return stopAll(started);
    for (const each of started) this.#log.info("listener started", this.#kind.logFields(each));
  }

  /** Keeps the port that the system or a fallback chose, as long as the configured address stays the same. */
  #withCurrentPort(desired: Desired): Desired {
    const before = this.#running.find(({ name }) => name === desired.name);
    if (before === undefined || "path" in desired.listen || addressOf(before) !== addressOf(desired)) return desired;
    return { ...desired, options: { ...desired.options, port: before.server.port } };
  }

  #throwIfStopping(): void {
    if (this.#isStopping) throw new TenkError("config", "Cannot reload: it is stopping");
  }

  /** Starts a listener when its address is free; else tries it at a free port. */
  async #startOrDryRun(
    desired: Desired,
    draining: readonly RunningListener<Desired>[],
  ): Promise<RunningListener<Desired> | DryRun<Desired>> {
    const conflicting = draining.filter((each) => mayConflict(each, desired));
    if (conflicting.length === 0) return startListener(desired, this.#options);
    // The same port of another host may be free.
    if (!conflicting.some((each) => addressOf(each) === addressOf(desired))) {
      try {
        return await startListener(desired, { log: this.#log, findHolder: false });
      } catch (error) {
        if (!isPortInUse(error)) throw error;
      }
    }
    return dryRun(desired);
  }

  /** Starts a drained listener again, at the port that it had. */
  async #restore(before: RunningListener<Desired>): Promise<void> {
    const { name } = before;
    const { server: _, ...rebuilt } = this.#kind.rebuilt(before);
    const restored = this.#withCurrentPort(rebuilt as unknown as Desired);
    let again: RunningListener<Desired> | undefined;
    try {
      again = await this.#startWithRetry((findHolder) =>
        startListener(restored, { log: this.#log, keepsPort: true, findHolder }),
      );
      this.#log.warn("listener restored", { name });
    } catch (error) {
      if (!this.#isStopping)
        this.#log.error("listener lost, it could not be restored", { name, error: messageOf(error) });
    }
    this.#running = this.#running.flatMap((each) => (each !== before ? [each] : again === undefined ? [] : [again]));
  }

  async #commit(each: PreparedListener<Desired>): Promise<RunningListener<Desired>> {
    const { before, desired, difference, prepared } = each;
    const { active } = before.server.counts();
    await prepared?.commit();
    return { ...this.#kind.changed(before, desired, difference, active), server: before.server };
  }

  #logChanged({ name }: Desired, { changed }: Difference): void {
    if (changed.length > 0) this.#log.info("listener changed", { name, changed: changed.join(",") });
  }

  /** Starts a listener on a port that a draining one may still hold. @throws {TenkError} why it cannot, or that it is stopping */
  async #startWithRetry(
    start: (findHolder: boolean) => Promise<RunningListener<Desired>>,
  ): Promise<RunningListener<Desired>> {
    for (let waitedMs = 0; ; waitedMs += PORT_RETRY_MS) {
      this.#throwIfStopping();
      try {
        // At first this process itself holds the port, and looking for the holder takes long.
        const running = await start(waitedMs >= PORT_TIMEOUT_MS);
        if (!this.#isStopping) return running;
        // A stop that came meanwhile has not stopped this one.
        await stopAll([running]);
      } catch (error) {
        if (!isPortInUse(error) || waitedMs >= PORT_TIMEOUT_MS) throw error;
        await wait(PORT_RETRY_MS);
      }
    }
  }

  /** Stops accepting at once; connections have the grace. */
  #drain(listener: RunningListener<Desired>): void {
    if (this.#draining.has(listener)) return;
    const { server, name } = listener;
    this.#log.info("listener stopping", { name, address: server.address, open: server.counts().active });
    const left = server.stop({ graceMs: GRACE_MS }).finally(() => this.#draining.delete(listener));
    this.#draining.set(listener, left);
  }
}

function addressOf({ listen, fallbackPorts }: DesiredListener): string {
  return JSON.stringify([listen, fallbackPorts]);
}

function portsOf(running: readonly { readonly name: string; readonly server: Server }[]): Map<string, number> {
  return new Map(running.map(({ name, server }) => [name, server.port]));
}

async function stopAll(listeners: readonly { readonly server: RunningListener["server"] }[]): Promise<void> {
  await Promise.all(listeners.map(({ server }) => server.stop({ graceMs: 0 })));
}

function isPortInUse(error: unknown): boolean {
  return error instanceof TenkError && error.code === "port-in-use";
}

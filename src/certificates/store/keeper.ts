import { type Log, logOf, messageOf } from "../../base/mod.ts";
import { type Clock, systemClock } from "../clock.ts";
import { PrivateFolder } from "../files.ts";
import { type IssuedCertificate, IssueError, type Issuer } from "../issuer.ts";
import { DAY_MS, EARLIEST_MS } from "../local/mod.ts";
import { isPublic } from "../names.ts";
import type { CertificateStatus, StoreOptions } from "./contract.ts";
import { Entry } from "./entry.ts";
import { checkedInfo, fileNameOf, type Kept, keptText, readKept } from "./kept-file.ts";
import type { IssueCounts } from "./metrics.ts";
import { CHECK_MS, JumpDetector } from "./schedule.ts";
import { Slots } from "./slots.ts";

const MAX_IN_PROGRESS = 4;
const ISSUE_TIMEOUT_MS = 300_000;
const WINDOW_TIMEOUT_MS = 60_000;
const FREEZE_MS = 10_000;

/** Keeps every declared certificate valid: reads it from its file, has it issued, renews it. */
export class Keeper {
  readonly log: Log;
  readonly counts = new Map<string, IssueCounts>();
  readonly #options: StoreOptions;
  readonly #acme: Issuer | undefined;
  readonly #clock: Clock;
  readonly #folder: PrivateFolder;
  readonly #entries = new Map<string, Entry>();
  readonly #slots = new Map<Issuer, Slots>();
  readonly #replaced: (entry: Entry) => Promise<void>;
  readonly #jumps: JumpDetector;
  /** All that runs on its own. */
  readonly #tasks = new Set<Promise<unknown>>();
  #cancelCheck: (() => void) | undefined;
  #isClosed = false;
  #isFrozen: boolean;
  /** Ends what is under way when a freeze has waited long enough. */
  #giveUp = new AbortController();

  /** @param replaced has listeners serve an entry's new certificate */
  constructor(options: StoreOptions, acme: Issuer | undefined, replaced: (entry: Entry) => Promise<void>) {
    this.log = options.log ?? logOf("certificates");
    this.#options = options;
    this.#isFrozen = options.startsFrozen ?? false;
    this.#acme = acme;
    this.#clock = options.clock ?? systemClock;
    this.#folder = new PrivateFolder(options.folder, this.log);
    this.#replaced = replaced;
    this.#jumps = new JumpDetector(this.#clock.now(), this.#clock.elapsed());
    for (const issuer of [options.local, acme]) {
      if (issuer === undefined) continue;
      this.counts.set(issuer.name, { issued: 0, failed: 0 });
      this.#slots.set(issuer, new Slots(options.maxInProgress ?? MAX_IN_PROGRESS));
    }
  }

  async open(): Promise<void> {
    await this.#folder.open();
    this.#planCheck();
  }

  /** Returns the entry of these names, which is new where no declaration has it. */
  acquire(names: readonly string[]): Entry {
    const key = names.join();
    const known = this.#entries.get(key);
    const entry = known ?? new Entry(names, fileNameOf(names), this.#issuerOf(names[0]!), this.#clock.random());
    this.#entries.set(key, entry);
    entry.users += 1;
    return entry;
  }

  /** What nobody declares any more is neither issued nor renewed. */
  release(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.users -= 1;
      if (entry.users > 0) continue;
      this.#entries.delete(entry.names.join());
      entry.abort.abort();
    }
  }

  /** Resolves when each of these is read from its file, and what the local CA has to issue is issued, or has failed. */
  async settle(entries: readonly Entry[]): Promise<void> {
    await Promise.all(
      entries.map(async (entry) => {
        entry.loading ??= this.#load(entry);
        await entry.loading;
        const isHeldBack = this.#isFrozen && entry.issuer?.usesOurClock !== true;
        if (isHeldBack || !this.#isDue(entry)) return entry.issuer?.usesOurClock ? entry.inProgress : undefined;
        const issuing = this.#issue(entry);
        return entry.issuer?.usesOurClock ? issuing : undefined;
      }),
    );
  }

  status(): CertificateStatus[] {
    const nowMs = this.#clock.now();
    return [...this.#entries.values()].map((entry) => entry.status(nowMs));
  }

  /** Resolves when nothing is in progress. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled([...this.#tasks]);
  }

  async freeze(): Promise<void> {
    this.#isFrozen = true;
    const timer = setTimeout(() => this.#giveUp.abort(), this.#options.freezeMs ?? FREEZE_MS);
    await this.idle();
    clearTimeout(timer);
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#giveUp = new AbortController();
    this.#check();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCheck?.();
    for (const entry of this.#entries.values()) entry.abort.abort();
    await this.idle();
  }

  #issuerOf(name: string): Issuer | undefined {
    return isPublic(name, this.#options.localDomains) ? this.#acme : this.#options.local;
  }

  #planCheck(): void {
    if (this.#isClosed) return;
    this.#cancelCheck = this.#clock.later(() => {
      this.#check();
      this.#planCheck();
    }, CHECK_MS);
  }

  #check(): void {
    if (this.#isFrozen || this.#isClosed) return;
    const elapsedMs = this.#clock.elapsed();
    if (this.#jumps.look(this.#clock.now(), elapsedMs)) {
      this.log.info("clock was set", { now: new Date(this.#clock.now()).toISOString() });
      for (const entry of this.#entries.values()) entry.retryNow();
    }
    for (const entry of this.#entries.values()) {
      if (entry.loading === undefined) continue;
      if (this.#isDue(entry)) void this.#issue(entry);
      else if (entry.isWindowDue(elapsedMs)) this.#run(this.#askWindow(entry));
    }
    this.#run(this.#retryWrites());
  }

  #isDue(entry: Entry): boolean {
    const elapsedMs = this.#clock.elapsed();
    return !this.#isClosed && entry.isDue(this.#clock.now(), elapsedMs, this.#jumps.isSteady(elapsedMs));
  }

  async #load(entry: Entry): Promise<void> {
    const text = await this.#folder.read(entry.file).catch((error: unknown) => {
      this.log.warn("cannot read certificate", { name: entry.names[0], problem: messageOf(error) });
    });
    const kept = readKept(text ?? "", entry.names);
    if (kept === undefined) {
      if (text) this.log.info("stored certificate not used", { name: entry.names[0], why: "not for these names" });
      if (entry.issuer === undefined) this.#fail(entry, noIssuer(entry.names[0]!));
      return;
    }
    entry.replace(kept, this.#options.folder !== undefined, this.#clock.random());
    if (kept.issuer !== entry.issuer?.name || entry.issuer.isCurrent === undefined) return;
    // A CA that cannot say so has its own error when it issues.
    entry.isCurrent = await entry.issuer.isCurrent(kept.certificate).catch(() => true);
  }

  /** Never rejects: a failure is in the entry's status, and is tried again. */
  #issue(entry: Entry): Promise<void> {
    const issuer = entry.issuer!;
    entry.inProgress = this.#slots
      .get(issuer)!
      .use(() => this.#attempt(entry, issuer))
      .catch((error: unknown) => this.#fail(entry, error))
      .finally(() => {
        entry.inProgress = undefined;
      });
    this.#run(entry.inProgress);
    return entry.inProgress;
  }

  async #attempt(entry: Entry, issuer: Issuer): Promise<void> {
    if (entry.abort.signal.aborted) return;
    const { names, kept } = entry;
    const timeout = AbortSignal.timeout(this.#options.issueTimeoutMs ?? ISSUE_TIMEOUT_MS);
    const signal = AbortSignal.any([entry.abort.signal, this.#giveUp.signal, timeout]);
    const previous = kept?.issuer === issuer.name ? kept.certificate : undefined;
    const issuing = issuer.issue({ names, signal, ...(previous && { previous }) });
    const certificate = await Promise.race([issuing, rejectionOf(signal)]);
    if (entry.abort.signal.aborted || this.#giveUp.signal.aborted) return;
    await this.#keep(entry, { certificate, info: this.#checked(certificate, entry, issuer), issuer: issuer.name });
  }

  #checked(certificate: IssuedCertificate, { names }: Entry, issuer: Issuer) {
    try {
      return checkedInfo(certificate, names);
    } catch (error) {
      throw new IssueError("check certificate", `${issuer.name} returned an unusable one: ${messageOf(error)}`);
    }
  }

  async #keep(entry: Entry, kept: Kept): Promise<void> {
    const nowMs = this.#clock.now();
    // What a clock of 1970 made must not replace a file that is good once the clock is set.
    const isStored = nowMs >= EARLIEST_MS && (await this.#folder.write(entry.file, keptText(kept)));
    entry.replace(kept, isStored, this.#clock.random());
    entry.rest(kept, this.#clock.elapsed());
    this.counts.get(kept.issuer)!.issued += 1;
    const days = Math.floor((kept.info.notAfterMs - nowMs) / DAY_MS);
    this.log.info("certificate issued", { name: entry.names[0], issuer: kept.issuer, days });
    // A reload of a listener may wait for this certificate, and the listener for its reload.
    this.#run(this.#replaced(entry));
  }

  #fail(entry: Entry, error: unknown): void {
    if (entry.abort.signal.aborted || this.#giveUp.signal.aborted) return;
    const waitMs = entry.fail(error, this.#clock.now(), this.#clock.elapsed(), this.#clock.random());
    const count = this.counts.get(entry.issuer?.name ?? "");
    if (count !== undefined) count.failed += 1;
    const { step, message, fix } = entry.lastError!;
    const retrySeconds = entry.issuer === undefined ? undefined : Math.round(waitMs / 1000);
    const fields = { name: entry.names[0], issuer: entry.issuer?.name, step, problem: message, fix, retrySeconds };
    this.log.error("certificate not issued", fields);
  }

  async #askWindow(entry: Entry): Promise<void> {
    // At once, so that the next check does not ask again.
    entry.setWindow(undefined, this.#clock.elapsed(), this.#clock.random());
    const { certificate } = entry.kept!;
    const signal = AbortSignal.any([entry.abort.signal, this.#giveUp.signal, AbortSignal.timeout(WINDOW_TIMEOUT_MS)]);
    try {
      const window = await entry.issuer!.renewalWindow!(certificate, signal);
      // A renewal meanwhile has a window of its own.
      if (entry.kept?.certificate !== certificate) return;
      entry.setWindow(window, this.#clock.elapsed(), this.#clock.random());
    } catch (error) {
      this.log.debug("renewal window not known", { name: entry.names[0], problem: messageOf(error) });
    }
  }

  async #retryWrites(): Promise<void> {
    if (this.#folder.hasUnwritten) {
      const written = new Set(await this.#folder.retry());
      for (const entry of this.#entries.values()) if (written.has(entry.file)) entry.isStored = true;
    }
    await this.#options.local.retryWrites?.();
  }

  #run(task: Promise<unknown>): void {
    const running = task
      .catch((error: unknown) => this.log.error("certificate task failed", { problem: messageOf(error) }))
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }
}

function noIssuer(name: string): IssueError {
  return new IssueError("choose issuer", `${name} is public, and no public CA is set up`, {
    fix: "set certificates.acme, or list its domain in certificates.local if it is your own network's, such as fritz.box",
  });
}

/** An issuer that ignores its signal must not hold its slot for ever. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new IssueError("wait", "The certificate did not come in time"));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

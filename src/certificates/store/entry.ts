import { messageOf } from "../../base/mod.ts";
import { IssueError, type Issuer, type RenewalWindow } from "../issuer.ts";
import { DAY_MS, EARLIEST_MS } from "../local/mod.ts";
import type { CertificateError, CertificateStatus } from "./contract.ts";
import type { Kept } from "./kept-file.ts";
import { DEFAULT_RETRY_MS, renewalTimeMs, retryDelayMs, windowPollMs } from "./schedule.ts";

/** One certificate that is declared: the current one, and when the next is due. Decides; does nothing itself. */
export class Entry {
  readonly names: readonly string[];
  readonly file: string;
  /** Undefined where nobody can issue for these names. */
  readonly issuer: Issuer | undefined;
  /** Declarations that have it. */
  users = 0;
  kept: Kept | undefined;
  isStored = false;
  /** False once the issuer says that the kept one cannot be served, as after its root was replaced. */
  isCurrent = true;
  /** Set while it is issued. */
  inProgress: Promise<void> | undefined;
  abort = new AbortController();
  loading: Promise<void> | undefined;
  lastError: CertificateError | undefined;
  #chance: number;
  #window: RenewalWindow | undefined;
  #windowDueMs = 0;
  #retryAtMs = 0;
  /** A new certificate is not renewed before, whatever the CA's window says: a wrong one would renew it at every look. */
  #restsUntilMs = 0;

  constructor(names: readonly string[], file: string, issuer: Issuer | undefined, chance: number) {
    this.names = names;
    this.file = file;
    this.issuer = issuer;
    this.#chance = chance;
  }

  /** @param isSteady whether the clock has not been set for a while */
  isDue(nowMs: number, elapsedMs: number, isSteady: boolean): boolean {
    const { issuer, kept } = this;
    if (issuer === undefined || this.users === 0 || this.inProgress !== undefined) return false;
    if (elapsedMs < this.#retryAtMs) return false;
    const isClockSet = nowMs >= EARLIEST_MS;
    if (!isClockSet && !issuer.usesOurClock) return false;
    if (kept === undefined || kept.issuer !== issuer.name || !this.isCurrent) return true;
    if (!isClockSet) return false;
    // Either clock may be wrong: ours now, or ours when it was issued. Most often it is ours, shortly after the start.
    if (nowMs < kept.info.notBeforeMs) return issuer.usesOurClock && isSteady;
    if (nowMs >= kept.info.notAfterMs) return true;
    return elapsedMs >= this.#restsUntilMs && nowMs >= this.#renewalMs(kept);
  }

  /** Whether the issuer is to be asked for its renewal window now. */
  isWindowDue(elapsedMs: number): boolean {
    const { issuer, kept } = this;
    if (issuer?.renewalWindow === undefined || kept === undefined || kept.issuer !== issuer.name) return false;
    return this.users > 0 && this.inProgress === undefined && elapsedMs >= this.#windowDueMs;
  }

  setWindow(window: RenewalWindow | undefined, elapsedMs: number, chance: number): void {
    // Without an answer the last one stays.
    if (window !== undefined) this.#window = window;
    this.#windowDueMs = elapsedMs + windowPollMs(window, chance);
  }

  /** @param chance decides the moment of its renewal */
  replace(kept: Kept, isStored: boolean, chance: number): void {
    this.kept = kept;
    this.isStored = isStored;
    this.isCurrent = true;
    this.lastError = undefined;
    this.#window = undefined;
    this.#windowDueMs = 0;
    this.#retryAtMs = 0;
    this.#chance = chance;
  }

  /** For one that was just issued: see `#restsUntilMs`. */
  rest({ info }: Kept, elapsedMs: number): void {
    this.#restsUntilMs = elapsedMs + Math.min(DAY_MS, (info.notAfterMs - info.notBeforeMs) / 10);
  }

  /** @returns milliseconds until the next attempt */
  fail(error: unknown, nowMs: number, elapsedMs: number, chance: number): number {
    const failures = (this.lastError?.failures ?? 0) + 1;
    const known = error instanceof IssueError ? error : undefined;
    const { step = "issue", fix } = known ?? {};
    this.lastError = { step, message: messageOf(error), fix, atMs: nowMs, failures };
    const firstMs = this.issuer?.retryMs ?? DEFAULT_RETRY_MS;
    const waitMs = retryDelayMs(failures, firstMs, known?.retryAfterMs ?? 0, chance);
    this.#retryAtMs = elapsedMs + waitMs;
    return waitMs;
  }

  /** Forgets the wait after a failure, which a wrong clock may have caused. */
  retryNow(): void {
    this.#retryAtMs = 0;
  }

  status(nowMs: number): CertificateStatus {
    const { names, issuer, kept, isStored, lastError } = this;
    const notAfterMs = kept?.info.notAfterMs;
    return {
      names,
      issuer: kept?.issuer || (issuer?.name ?? "none"),
      state: this.#state(nowMs),
      notAfterMs,
      daysLeft: notAfterMs === undefined ? undefined : Math.floor((notAfterMs - nowMs) / DAY_MS),
      nextRenewalMs: kept && issuer && this.#renewalMs(kept),
      isStored,
      lastError,
    };
  }

  #state(nowMs: number): CertificateStatus["state"] {
    if (this.kept === undefined) return "pending";
    const { notBeforeMs, notAfterMs } = this.kept.info;
    if (nowMs >= notAfterMs) return "expired";
    return nowMs < notBeforeMs ? "not-yet-valid" : "valid";
  }

  #renewalMs({ info }: Kept): number {
    return renewalTimeMs(info, this.#window, this.#chance);
  }
}

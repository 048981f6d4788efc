import { PasswordCheck, Throttle } from "../../auth/mod.ts";
import { fieldLine, type Head } from "../../wire/http1/mod.ts";
import type { Caller } from "../forward/mod.ts";
import { CheckQueue } from "./check-queue.ts";
import { CheckedCredentials } from "./checked-credentials.ts";
import { authorizationOf, type Credentials, readBasic } from "./credentials.ts";
import type { GuardedExchange, Rejecter } from "./rejections.ts";
import { retryAfter } from "./retry-after.ts";
import type { Grant, Verdict, Wait, WaitOwner } from "./verdict.ts";

/** Requests that wait for one check of the same credentials: a page and all that belongs to it. */
const MAX_WAITING = 250;
/** A busy processor may be free again so soon. */
const BUSY_MS = 1000;

const encoder = new TextEncoder();
const checks = new CheckQueue();

interface User {
  readonly check: PasswordCheck;
  readonly grant: Grant;
}

export interface BasicAuthSettings {
  readonly realm: string;
  /** Hashes of passwords by user. */
  readonly users: Readonly<Record<string, string>>;
}

/**
 * Basic authentication (RFC 7617) of one service.
 *
 * ```text
 *   locked out? 429 ─► none? 401 ─► checked before? go on, 401 ─► being checked? wait with it
 *                                                            └─► counted as a guess ─► queue of checks ─► go on, 401
 * ```
 *
 * Credentials that were checked hold for the address that sent them: an address that guesses learns nothing from those of others.
 * The same wrong ones again are no further guess, so a device with an old password locks nobody out.
 */
export class BasicAuth {
  readonly #rejecter: Rejecter;
  readonly #challenge: Uint8Array;
  readonly #users: ReadonlyMap<string, User>;
  readonly #all: readonly User[];
  readonly #throttle: Throttle;
  readonly #checked = new CheckedCredentials<Grant | "wrong">();
  readonly #running = new Map<string, Set<CheckWait>>();

  /**
   * @param tellsUser whether the target gets the user's name in `Remote-User`
   * @param former whose count of guesses goes on
   */
  constructor(
    { realm, users }: BasicAuthSettings,
    rejecter: Rejecter,
    tellsUser: boolean,
    former: BasicAuth | undefined,
  ) {
    this.#rejecter = rejecter;
    this.#challenge = fieldLine("WWW-Authenticate", `Basic realm="${realm}", charset="UTF-8"`);
    this.#users = new Map(
      Object.entries(users).map(([user, hash]) => {
        const lines = tellsUser ? [encoder.encode(`Remote-User: ${user}\r\n`)] : [];
        return [user, { check: new PasswordCheck(hash), grant: { lines, user } }];
      }),
    );
    this.#all = [...this.#users.values()];
    this.#throttle = former === undefined ? new Throttle() : former.#throttle;
  }

  check(exchange: GuardedExchange, head: Head, bytes: Uint8Array, caller: Caller): Verdict {
    const nowMs = performance.now();
    const lockedMs = this.#throttle.waitOf(caller.key, nowMs);
    if (lockedMs > 0) return this.#lockedOut(exchange, caller, lockedMs);
    const value = authorizationOf(head, bytes);
    if (value === undefined) return this.#challenged(exchange, caller, "no-credentials");
    const name = this.#checked.nameOf(caller.key, value);
    const checked = this.#checked.get(name, nowMs);
    if (checked === "wrong") return this.#challenged(exchange, caller, "wrong-credentials");
    if (checked !== undefined) return checked;
    const running = this.#running.get(name);
    if (running !== undefined) {
      if (running.size < MAX_WAITING) return new CheckWait(this, running, exchange, caller);
      return this.busy(exchange, caller);
    }
    return this.#begin(exchange, caller, name, value, nowMs);
  }

  // ---- answers -------------------------------------------------------------------------------------------------------

  wrong(exchange: GuardedExchange, caller: Caller): void {
    this.#challenged(exchange, caller, "wrong-credentials");
  }

  busy(exchange: GuardedExchange, caller: Caller): undefined {
    this.#rejecter.answer(exchange, caller, "auth-busy", 503, retryAfter(BUSY_MS));
  }

  #lockedOut(exchange: GuardedExchange, caller: Caller, waitMs: number): undefined {
    this.#rejecter.answer(exchange, caller, "locked-out", 429, retryAfter(waitMs));
  }

  #challenged(exchange: GuardedExchange, caller: Caller, reason: "no-credentials" | "wrong-credentials"): undefined {
    this.#rejecter.answer(exchange, caller, reason, 401, this.#challenge);
  }

  // ---- checking ------------------------------------------------------------------------------------------------------

  #begin(exchange: GuardedExchange, caller: Caller, name: string, value: Uint8Array, nowMs: number): Verdict {
    const credentials = readBasic(value);
    if (credentials === undefined) return this.#challenged(exchange, caller, "wrong-credentials");
    if (checks.isFull) return this.busy(exchange, caller);
    const waitMs = this.#throttle.begin(caller.key, nowMs, true);
    if (waitMs > 0) return this.#lockedOut(exchange, caller, waitMs);
    const waits = new Set<CheckWait>();
    this.#running.set(name, waits);
    checks.add(() => this.#run(name, waits, credentials, caller));
    return new CheckWait(this, waits, exchange, caller);
  }

  async #run(name: string, waits: Set<CheckWait>, credentials: Credentials, caller: Caller): Promise<void> {
    const result = await this.#verify(credentials);
    this.#running.delete(name);
    if (result !== undefined) this.#checked.set(name, result, performance.now());
    if (result !== undefined && result !== "wrong") this.#throttle.forgive(caller.key, true);
    for (const wait of waits) wait.decided(result);
  }

  /** @returns undefined where it could not be checked */
  async #verify({ user, password }: Credentials): Promise<Grant | "wrong" | undefined> {
    const known = this.#users.get(user);
    // Who guesses names must not see by the time which there are: an unknown name costs the check of a user's, always the same.
    const { check } = known ?? this.#all[this.#places(user) % this.#all.length]!;
    const isRight = await check.verify(password);
    if (isRight === undefined) return undefined;
    return isRight && known !== undefined ? known.grant : "wrong";
  }

  #places(user: string): number {
    return Buffer.from(this.#checked.nameOf("", encoder.encode(user)), "base64").readUInt32LE();
  }
}

/** One request that waits for a check. */
class CheckWait implements Wait {
  owner: WaitOwner | undefined;
  readonly #auth: BasicAuth;
  readonly #waits: Set<CheckWait>;
  readonly #exchange: GuardedExchange;
  readonly #caller: Caller;

  constructor(auth: BasicAuth, waits: Set<CheckWait>, exchange: GuardedExchange, caller: Caller) {
    this.#auth = auth;
    this.#waits = waits;
    this.#exchange = exchange;
    this.#caller = caller;
    waits.add(this);
  }

  drained(): void {}

  finished(): void {
    this.#waits.delete(this);
  }

  /** @param result undefined where it could not be checked */
  decided(result: Grant | "wrong" | undefined): void {
    this.#waits.delete(this);
    if (result !== undefined && result !== "wrong") {
      this.owner?.granted(result);
      return;
    }
    this.owner?.rejected();
    if (result === undefined) this.#auth.busy(this.#exchange, this.#caller);
    else this.#auth.wrong(this.#exchange, this.#caller);
  }
}

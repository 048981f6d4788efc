import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { IssueError } from "../../src/certificates/mod.ts";
import { infoOf, readCertificate } from "../../src/certificates/x509/mod.ts";
import { opened, statusOf } from "./store-support.ts";
import { DAY_MS, FakeClock, HOUR_MS, newFolder, START_MS } from "./support.ts";

const MINUTE_MS = 60_000;
const endOf = ({ cert }: { cert: string }) => infoOf(readCertificate(cert)).notAfterMs;

describe("renewal", () => {
  test("comes when a third of the life is left, and listeners are told", async () => {
    const { declare, pass, clock } = await opened();
    const { declaration, changes } = await declare("git.lan");
    const first = declaration.tls.names["git.lan"]!;
    clock.sleep(18.8 * DAY_MS);
    await pass(HOUR_MS);
    expect(changes).toHaveLength(0);
    await pass(0.2 * DAY_MS);
    expect(changes).toHaveLength(2);
    const second = declaration.tls.names["git.lan"]!;
    expect(second.cert).not.toBe(first.cert);
    expect((endOf(second) - endOf(first)) / DAY_MS).toBeCloseTo(19, 2);
  });

  test("waits longer after each failure, serves the old one meanwhile, and recovers", async () => {
    const { declare, pass, store, acme, clock } = await opened();
    const { declaration } = await declare("app.example.org");
    await store.idle();
    const first = declaration.tls.names["app.example.org"]!;
    acme.before = () => {
      throw new IssueError("finalize", "The CA answered 500", { fix: "try later" });
    };
    clock.sleep(20 * DAY_MS);
    await pass(12 * HOUR_MS);
    // 0.8 of 1, 2, 4 … 256 minutes, then 0.8 of 6 hours; looked at every half minute.
    expect(acme.requests.length - 1).toBe(11);
    expect(declaration.tls.names["app.example.org"]).toEqual(first);
    const status = statusOf(store, "app.example.org");
    expect(status).toMatchObject({ state: "valid", daysLeft: 8, lastError: { step: "finalize", fix: "try later" } });
    expect(status.lastError!.failures).toBe(11);
    acme.before = () => undefined;
    await pass(5 * HOUR_MS);
    expect(declaration.tls.names["app.example.org"]).not.toEqual(first);
    expect(statusOf(store, "app.example.org").lastError).toBeUndefined();
  }, 20_000);

  test("obeys a CA's Retry-After, up to a day", async () => {
    const { declare, pass, store, acme, clock } = await opened();
    acme.before = () => {
      throw new IssueError("new order", "too many", { retryAfterMs: 3 * HOUR_MS });
    };
    await declare("app.example.org");
    await store.idle();
    clock.sleep(2.8 * HOUR_MS);
    await pass(0.1 * HOUR_MS);
    expect(acme.requests).toHaveLength(1);
    acme.before = () => {
      throw new IssueError("new order", "too many", { retryAfterMs: 365 * DAY_MS });
    };
    await pass(0.2 * HOUR_MS);
    expect(acme.requests).toHaveLength(2);
    clock.sleep(0.9 * DAY_MS);
    await pass(HOUR_MS);
    expect(acme.requests).toHaveLength(2);
    await pass(2 * HOUR_MS);
    expect(acme.requests).toHaveLength(3);
  });

  test("follows the CA's window (ARI), asked for every six hours, and names the one it replaces", async () => {
    const { declare, pass, store, acme, clock } = await opened();
    const { declaration } = await declare("app.example.org");
    await store.idle();
    const first = declaration.tls.names["app.example.org"]!;
    await pass(HOUR_MS);
    expect(acme.windowsAsked).toBe(1);
    acme.window = { startMs: START_MS + DAY_MS, endMs: START_MS + 2 * DAY_MS };
    clock.sleep(5 * HOUR_MS);
    await pass(HOUR_MS);
    expect(acme.windowsAsked).toBe(2);
    expect(statusOf(store, "app.example.org").nextRenewalMs).toBe(START_MS + DAY_MS);
    expect(acme.requests).toHaveLength(1);
    clock.sleep(17 * HOUR_MS);
    await pass(HOUR_MS);
    expect(acme.requests).toHaveLength(2);
    expect(acme.requests[1]!.previous).toEqual({ cert: first.cert, key: first.key });
  });

  test("happens once a day at most where the CA's window is always in the past", async () => {
    const { declare, pass, store, acme, clock } = await opened();
    acme.window = { startMs: START_MS - DAY_MS, endMs: START_MS - DAY_MS };
    await declare("app.example.org");
    await store.idle();
    for (let hour = 0; hour < 47; hour++) {
      clock.sleep(0.99 * HOUR_MS);
      await pass(0.01 * HOUR_MS);
    }
    expect(acme.requests).toHaveLength(2);
  });

  test("is spread by chance", async () => {
    const clock = new FakeClock();
    clock.chance = 0.999;
    const { declare, store } = await opened(undefined, { clock });
    await declare("git.lan");
    expect((statusOf(store, "git.lan").nextRenewalMs! - START_MS) / DAY_MS).toBeCloseTo(18, 1);
  });

  test("of names that nobody declares any more does not happen, and one in progress is cancelled", async () => {
    const { declare, pass, store, acme, clock } = await opened();
    acme.before = ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve));
    const { declaration, changes } = await declare("app.example.org", "git.lan");
    declaration.close();
    await store.idle();
    clock.sleep(25 * DAY_MS);
    await pass(HOUR_MS);
    expect([acme.requests.length, changes.length, store.status().length]).toEqual([1, 0, 0]);
  });

  test("an issuer that never answers fails after its time, and holds up no other name", async () => {
    const { declare, store, acme } = await opened(undefined, { issueTimeoutMs: 500, maxInProgress: 1 });
    acme.before = ({ names }) => (names[0] === "stuck.example.org" ? new Promise(() => undefined) : undefined);
    const { declaration } = await declare("stuck.example.org", "app.example.org");
    await store.idle();
    expect(Object.keys(declaration.tls.names)).toEqual(["app.example.org"]);
    const stuck = statusOf(store, "stuck.example.org");
    expect(stuck.lastError!.message).toBe("The certificate did not come in time");
  });

  test("rests while another process takes over: an order under way is waited for, then given up, and ordered anew", async () => {
    const { declare, store, acme, lines } = await opened(undefined, { freezeMs: 50 });
    const started = Promise.withResolvers<void>();
    acme.before = ({ signal }) => {
      started.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
    };
    await declare("app.example.org");
    await started.promise;
    await store.freeze();
    expect(statusOf(store, "app.example.org")).toMatchObject({ state: "pending", lastError: undefined });
    expect(lines).not.toContain("error certificate not issued");
    acme.before = () => undefined;
    store.thaw();
    await store.idle();
    expect(statusOf(store, "app.example.org").state).toBe("valid");
    expect(acme.requests).toHaveLength(2);
  });

  test("is none of a process that has not taken over yet: only what a listener cannot start without is issued", async () => {
    const { declare, store, acme } = await opened(undefined, { startsFrozen: true });
    await declare("app.example.org", "git.lan");
    await store.idle();
    expect(acme.requests).toHaveLength(0);
    expect(statusOf(store, "git.lan").state).toBe("valid");
    store.thaw();
    await store.idle();
    expect(statusOf(store, "app.example.org").state).toBe("valid");
  });

  test("a certificate for other names, or with another key, is not taken", async () => {
    const { declare, store, acme, ca } = await opened();
    const evil = await ca.issue({ names: ["evil.lan"], signal: new AbortController().signal });
    acme.issue = () => Promise.resolve(evil);
    const { declaration } = await declare("app.example.org");
    await store.idle();
    expect(declaration.tls.names).toEqual({});
    expect(statusOf(store, "app.example.org").lastError).toMatchObject({
      step: "check certificate",
      message: "acme returned an unusable one: it is for evil.lan",
    });
    declaration.close();
    const sign = opened(undefined);
    acme.issue = async (request) => ({ cert: (await (await sign).acme.issue(request)).cert, key: evil.key });
    await declare("app.example.org");
    await store.idle();
    expect(statusOf(store, "app.example.org").lastError!.message).toContain("the key is not the certificate's");
  });
});

describe("a clock that jumps", () => {
  test("from 1970 to now has local certificates issued again within half a minute, and stores nothing before", async () => {
    const folder = newFolder();
    const { declare, pass, clock, store, acme } = await opened(folder, { clock: new FakeClock(5000) });
    const { declaration, changes } = await declare("git.lan", "app.example.org");
    expect(readdirSync(join(folder, "issued"))).toEqual([]);
    await pass(HOUR_MS);
    expect([acme.requests.length, changes.length]).toEqual([0, 0]);
    clock.nowMs = START_MS;
    await pass(30_000);
    const { "git.lan": git, "app.example.org": app } = declaration.tls.names;
    for (const certificate of [git!, app!, declaration.tls])
      expect(endOf(certificate)).toBeGreaterThan(clock.nowMs + 28 * DAY_MS);
    expect(store.status().every(({ isStored, state }) => isStored && state === "valid")).toBe(true);
  });

  test("back to 1970 at a start leaves the certificates on disk, and serves them", async () => {
    const folder = newFolder();
    const first = await opened(folder);
    const { declaration } = await first.declare("git.lan", "app.example.org");
    await first.store.idle();
    await first.store.close();
    const dead = await opened(folder, { clock: new FakeClock(5000) });
    const { declaration: again } = await dead.declare("git.lan", "app.example.org");
    dead.clock.sleep(DAY_MS);
    await dead.pass(HOUR_MS);
    expect(again.tls).toEqual(declaration.tls);
    expect(dead.acme.requests).toEqual([]);
    expect(dead.store.status().every(({ state }) => state === "not-yet-valid")).toBe(true);
  });

  test("behind by a month: what was issued is served until the clock has stood for ten minutes", async () => {
    const folder = newFolder();
    const first = await opened(folder);
    const { declaration } = await first.declare("git.lan", "app.example.org");
    await first.store.idle();
    await first.store.close();
    const late = await opened(folder, { clock: new FakeClock(START_MS - 30 * DAY_MS) });
    const { declaration: again } = await late.declare("git.lan", "app.example.org");
    await late.pass(9 * MINUTE_MS);
    expect(again.tls).toEqual(declaration.tls);
    await late.pass(2 * MINUTE_MS);
    expect(endOf(again.tls.names["git.lan"]!)).toBeLessThan(endOf(declaration.tls.names["git.lan"]!));
    expect(again.tls.names["app.example.org"]).toEqual(declaration.tls.names["app.example.org"]!);
  });

  test("to 2099 and back ends with certificates of today", async () => {
    const { declare, pass, clock, lines } = await opened(newFolder());
    const { declaration } = await declare("git.lan");
    clock.nowMs = Date.UTC(2030, 0, 1);
    await pass(MINUTE_MS);
    expect(endOf(declaration.tls.names["git.lan"]!)).toBeGreaterThan(Date.UTC(2030, 0, 20));
    clock.nowMs = START_MS;
    await pass(11 * MINUTE_MS);
    const { notBeforeMs, notAfterMs } = infoOf(readCertificate(declaration.tls.names["git.lan"]!.cert));
    expect([notBeforeMs < clock.nowMs, notAfterMs < START_MS + 31 * DAY_MS]).toEqual([true, true]);
    expect(lines.filter((line) => line === "info clock was set")).toHaveLength(2);
  });

  test("lets what failed be tried again at once", async () => {
    const { declare, pass, clock, store, acme } = await opened();
    acme.before = () => {
      throw new IssueError("directory", "certificate not yet valid", { retryAfterMs: DAY_MS });
    };
    await declare("app.example.org");
    await store.idle();
    acme.before = () => undefined;
    clock.nowMs += 5 * DAY_MS;
    await pass(30_000);
    expect(statusOf(store, "app.example.org").state).toBe("valid");
  });
});

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IssueError } from "../../src/certificates/mod.ts";
import { infoOf, isKeyOf, readCertificate } from "../../src/certificates/x509/mod.ts";
import { opened, statusOf } from "./store-support.ts";
import { DAY_MS, HOUR_MS, newFolder, START_MS } from "./support.ts";

const MINUTE_MS = 60_000;
const namesOf = ({ cert }: { cert: string }) => infoOf(readCertificate(cert)).names;

describe("declared names", () => {
  test("have certificates at once where the local CA issues them", async () => {
    const { declare } = await opened(newFolder());
    const { declaration } = await declare("Git.Home.Arpa", "*.home.arpa", "localhost", "192.168.1.7", "::1");
    expect(declaration.names).toEqual(["git.home.arpa", "*.home.arpa", "localhost", "192.168.1.7", "::1"]);
    const { names } = declaration.tls;
    expect(Object.keys(names).sort()).toEqual(["*.home.arpa", "git.home.arpa", "localhost"]);
    expect(namesOf(names["git.home.arpa"]!)).toEqual(["git.home.arpa"]);
    expect(namesOf(declaration.tls)).toEqual(["127.0.0.1", "192.168.1.7", "::1"]);
  });

  test("that are public get theirs from the public CA, later, without anybody waiting", async () => {
    const { declare, store, acme } = await opened(newFolder());
    const asked = Promise.withResolvers<void>();
    acme.before = () => asked.promise;
    const { declaration, changes } = await declare("app.example.org", "git.lan");
    expect(Object.keys(declaration.tls.names)).toEqual(["git.lan"]);
    expect(store.status().map(({ names, state, issuer }) => [names[0], state, issuer])).toEqual([
      ["127.0.0.1", "valid", "local"],
      ["app.example.org", "pending", "acme"],
      ["git.lan", "valid", "local"],
    ]);
    asked.resolve();
    await store.idle();
    expect(changes).toHaveLength(1);
    expect(namesOf(declaration.tls.names["app.example.org"]!)).toEqual(["app.example.org"]);
    expect(acme.requests.map(({ names }) => names)).toEqual([["app.example.org"]]);
  });

  test("that no certificate can have are refused, and so are too many", async () => {
    const { declare, store } = await opened(undefined, { maxNames: 3 });
    expect(declare("a/b")).rejects.toThrow("Cannot make a certificate");
    expect(declare("a.lan", "b.lan", "c.lan", "d.lan")).rejects.toThrow("at most 3");
    expect(store.status()).toEqual([]);
  });

  test("are the only ones: none is issued for anything else", async () => {
    const { declare, acme, store } = await opened();
    const { declaration } = await declare("git.lan");
    expect(store.status().map(({ names }) => names[0])).toEqual(["127.0.0.1", "git.lan"]);
    expect(Object.keys(declaration.tls.names)).toEqual(["git.lan"]);
    expect(acme.requests).toEqual([]);
  });

  test("that are public have no certificate without a public CA, and the status says what to do", async () => {
    const { declare, store, pass } = await opened(undefined, { acme: () => undefined as never });
    const { declaration } = await declare("app.example.org");
    await pass(HOUR_MS);
    expect(declaration.tls.names).toEqual({});
    const status = statusOf(store, "app.example.org");
    expect([status.state, status.issuer, status.lastError!.step]).toEqual(["pending", "none", "choose issuer"]);
    expect(status.lastError!.fix).toContain("certificates.acme");
  });

  test("that the root may not sign fail alone, and say what to do", async () => {
    const { declare, store } = await opened();
    const { declaration } = await declare("nas", "git.lan");
    expect(Object.keys(declaration.tls.names)).toEqual(["git.lan"]);
    expect(statusOf(store, "nas").lastError).toMatchObject({
      step: "check names",
      failures: 1,
    });
  });

  test("are issued once for all listeners, and kept through a reload that has them too", async () => {
    const { declare, ca, store } = await opened();
    let signed = 0;
    const issue = ca.issue.bind(ca);
    ca.issue = (request) => {
      signed += 1;
      return issue(request);
    };
    const [{ declaration: old }, { declaration: other }] = await Promise.all([
      declare("a.lan"),
      declare("a.lan", "b.lan"),
    ]);
    expect(signed).toBe(3);
    const { declaration: reloaded } = await declare("a.lan", "c.lan");
    old.close();
    old.close();
    expect(signed).toBe(4);
    expect(reloaded.tls.names["a.lan"]).toEqual(other.tls.names["a.lan"]!);
    other.close();
    expect(store.status().map(({ names }) => names[0])).toEqual(["127.0.0.1", "a.lan", "c.lan"]);
  });

  test("with a public address: clients without a host name get its certificate", async () => {
    const { declare, store, acme } = await opened();
    acme.issue = (request) => Promise.reject(new Error(request.names.join()));
    const { declaration } = await declare("192.0.2.1", "10.0.0.1");
    await store.idle();
    expect(namesOf(declaration.tls)).toEqual(["10.0.0.1", "127.0.0.1", "::1"]);
    expect(store.status().map(({ names, issuer }) => [names[0], issuer])).toEqual([
      ["127.0.0.1", "local"],
      ["192.0.2.1", "acme"],
    ]);
  });
});

describe("files", () => {
  test("have certificate and key together, closed to others, and are used after a restart", async () => {
    const folder = newFolder();
    const first = await opened(folder);
    const { declaration } = await first.declare("git.lan", "*.home.arpa", "app.example.org");
    await first.store.idle();
    await first.store.close();
    const files = join(folder, "issued");
    const names = readdirSync(files).sort();
    const ofAddresses = expect.stringMatching(/^default-[0-9a-f]{8}\.pem$/);
    expect(names).toEqual(["_.home.arpa.pem", "app.example.org.pem", ofAddresses, "git.lan.pem"]);
    for (const name of readdirSync(files)) expect(statSync(join(files, name)).mode & 0o777).toBe(0o600);
    const second = await opened(folder);
    const { declaration: again } = await second.declare("git.lan", "*.home.arpa", "app.example.org");
    expect(again.tls).toEqual(declaration.tls);
    expect(second.acme.requests).toEqual([]);
    expect(second.lines).toEqual([]);
    expect(second.store.status().every(({ isStored }) => isStored)).toBe(true);
  });

  test("of listeners with different addresses are each used after a restart", async () => {
    const folder = newFolder();
    const first = await opened(folder);
    const before = [await first.declare("10.0.0.1"), await first.declare("10.0.0.2")];
    await first.store.close();
    const second = await opened(folder);
    const after = [await second.declare("10.0.0.1"), await second.declare("10.0.0.2")];
    expect(after.map(({ declaration }) => declaration.tls)).toEqual(before.map(({ declaration }) => declaration.tls));
  });

  test.each([
    ["is nonsense", () => "nonsense"],
    ["is cut off", (text: string) => text.slice(0, 300)],
    [
      "has another key",
      (text: string, other: string) =>
        `${text.split("-----BEGIN P")[0]!}-----BEGIN P${other.split("-----BEGIN P")[1]!}`,
    ],
    ["is for another name", (_: string, other: string) => other],
    ["is empty", () => ""],
  ])("one that %s is replaced", async (_, spoil) => {
    const folder = newFolder();
    const first = await opened(folder);
    await first.declare("a.lan", "b.lan");
    await first.store.close();
    const path = join(folder, "issued", "a.lan.pem");
    const other = readFileSync(join(folder, "issued", "b.lan.pem"), "utf8");
    writeFileSync(path, spoil(readFileSync(path, "utf8"), other));
    const { declare } = await opened(folder);
    const { declaration } = await declare("a.lan");
    const { cert, key } = declaration.tls.names["a.lan"]!;
    expect([namesOf({ cert }), isKeyOf(key, readCertificate(cert))]).toEqual([["a.lan"], true]);
    expect(readFileSync(path, "utf8")).toContain(declaration.tls.names["a.lan"]!.cert.split("\n")[1]!);
  });

  test("of another issuer, or of a root that was replaced, are replaced at once and served until then", async () => {
    const folder = newFolder();
    const first = await opened(folder, { localDomains: [] });
    await first.declare("git.lan");
    await first.store.close();
    rmSync(join(folder, "ca"), { recursive: true });
    const { declare, ca } = await opened(folder);
    const { declaration } = await declare("git.lan");
    expect(await ca.isCurrent({ ...declaration.tls.names["git.lan"]! })).toBe(true);
  });

  test("on a read-only disk: certificates are served from memory, and written once the disk takes them", async () => {
    const folder = join(newFolder(), "data");
    writeFileSync(folder, "a file where the folder should be");
    const { declare, store, pass, lines } = await opened(folder);
    const { declaration } = await declare("git.lan");
    expect(namesOf(declaration.tls.names["git.lan"]!)).toEqual(["git.lan"]);
    expect(store.status().map(({ isStored, state }) => [isStored, state])).toEqual([
      [false, "valid"],
      [false, "valid"],
    ]);
    expect(lines.filter((line) => line === "error cannot write certificates").length).toBeGreaterThan(0);
    await pass(HOUR_MS);
    const logged = lines.length;
    await pass(HOUR_MS);
    expect(lines.length).toBe(logged);
    rmSync(folder);
    mkdirSync(join(folder, "issued"), { recursive: true });
    mkdirSync(join(folder, "ca"));
    await pass(MINUTE_MS);
    expect(store.status().every(({ isStored }) => isStored)).toBe(true);
    expect(readdirSync(join(folder, "ca"))).toContain("root-with-key.pem");
  });

  test("a key is in no status, metric or log line", async () => {
    const { declare, store, acme, lines, fields } = await opened(newFolder());
    acme.before = () => {
      throw new IssueError("new order", "no", { fix: "wait" });
    };
    const { declaration } = await declare("git.lan", "app.example.org");
    await store.idle();
    const shown: unknown[] = [store.status(), lines, fields];
    for (const metric of store.metrics) metric.read((value, labels) => shown.push([value, labels]));
    const keys = [declaration.tls, ...Object.values(declaration.tls.names)].map(({ key }) => key.split("\n")[1]!);
    for (const secret of ["PRIVATE", ...keys]) expect(JSON.stringify(shown)).not.toContain(secret);
  });
});

describe("listeners", () => {
  test("get challenge responses before the CA is told, and lose them afterwards", async () => {
    const { declare, store, acme } = await opened();
    const { declaration, changes } = await declare("git.lan");
    const response = await acme.issue({ names: ["app.example.org"], signal: new AbortController().signal });
    const remove = await store.challenges.serveTls("app.example.org", response);
    expect(changes.length).toBe(1);
    expect(declaration.tls.challenges).toEqual({ "app.example.org": response });
    expect(declaration.tls.names["app.example.org"]).toBeUndefined();
    const removeHttp = await store.challenges.serveHttp("token-1", "token-1.thumb");
    expect([store.httpChallenge("token-1"), store.httpChallenge("token-2")]).toEqual(["token-1.thumb", undefined]);
    expect(store.httpChallenges()).toEqual({ "token-1": "token-1.thumb" });
    remove();
    removeHttp();
    expect([declaration.tls.challenges, store.httpChallenge("token-1")]).toEqual([{}, undefined]);
  });

  test("that are not up yet are waited for before the CA is told", async () => {
    const { store, acme } = await opened();
    const up = Promise.withResolvers<void>();
    const order: string[] = [];
    acme.before = async () => {
      const remove = await acme.challenges.serveTls("app.example.org", { cert: "", key: "" });
      order.push("the CA looks");
      remove();
    };
    const changed = async () => {
      await up.promise;
      order.push("served");
    };
    await store.declare(["app.example.org"], { owner: "https", changed });
    expect(acme.requests).toHaveLength(1);
    order.push("up");
    up.resolve();
    await store.idle();
    expect(order.slice(0, 3)).toEqual(["up", "served", "the CA looks"]);
  });

  test("a token that is no token is refused", async () => {
    const { store } = await opened();
    for (const token of ["", "../x", "a b", "x".repeat(257)]) {
      expect(() => store.challenges.serveHttp(token, "x")).toThrow(IssueError);
    }
  });

  test("are told one change after the other, the last one for certain, also after one that they refused", async () => {
    const { store, acme, lines } = await opened();
    const calls: string[][] = [];
    const gate = Promise.withResolvers<void>();
    const declaration = await store.declare(["git.lan"], {
      owner: "https",
      async changed({ tls }) {
        calls.push(Object.keys(tls.challenges));
        await gate.promise;
        if (calls.length === 1) throw new Error("not now");
      },
    });
    const response = await acme.issue({ names: ["a.example.org"], signal: new AbortController().signal });
    const all = ["a", "b", "c"].map((name) => store.challenges.serveTls(`${name}.example.org`, response));
    gate.resolve();
    await Promise.all(all);
    expect(calls).toEqual([["a.example.org"], ["a.example.org", "b.example.org", "c.example.org"]]);
    expect(lines.filter((line) => line === "error listener keeps its old certificates")).toHaveLength(1);
    declaration.close();
    await store.challenges.serveTls("d.example.org", response);
    expect(calls).toHaveLength(2);
  });

  test("metrics tell when each name's certificate expires", async () => {
    const { declare, store, acme } = await opened();
    acme.before = () => {
      throw new Error("no");
    };
    await declare("git.lan", "app.example.org");
    await store.idle();
    const samples: unknown[] = [];
    for (const { name, read } of store.metrics) read((value, labels) => samples.push([name, value, labels]));
    const end = (START_MS + 29 * DAY_MS) / 1000;
    expect(samples).toContainEqual([
      "tenk_certificate_expiry_timestamp_seconds",
      end,
      { name: "git.lan", issuer: "local" },
    ]);
    expect(samples).toContainEqual(["tenk_certificates", 2, { state: "valid" }]);
    expect(samples).toContainEqual(["tenk_certificates", 1, { state: "pending" }]);
    expect(samples).toContainEqual(["tenk_certificates_issued_total", 2, { issuer: "local" }]);
    expect(samples).toContainEqual(["tenk_certificate_failures_total", 1, { issuer: "acme" }]);
  });

  test("a closed store has no timer left", async () => {
    const { declare, store, clock } = await opened();
    await declare("git.lan");
    expect(clock.timers).toBe(1);
    await store.close();
    expect(clock.timers).toBe(0);
  });
});

import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { LocalCa } from "../../src/certificates/local/mod.ts";
import { IssueError } from "../../src/certificates/mod.ts";
import {
  certificatesIn,
  constrainedDomains,
  constrainedDomainsOf,
  encodeNameConstraints,
  infoOf,
  isChainOf,
  isKeyOf,
  readCertificate,
  splitPem,
} from "../../src/certificates/x509/mod.ts";
import { DAY_MS, FakeClock, keptLog, newFolder, request, START_MS } from "./support.ts";

function caIn(folder: string | undefined, clock = new FakeClock(), domains: string[] = []) {
  const kept = keptLog();
  return { ca: new LocalCa({ folder, clock, domains, hostname: "nas", log: kept.log }), clock, folder, ...kept };
}

const info = (pem: string) => infoOf(readCertificate(pem));
const days = (ms: number) => Math.round((ms / DAY_MS) * 100) / 100;

async function issueError(work: Promise<unknown>): Promise<IssueError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(IssueError);
  return error as IssueError;
}

describe("the local CA", () => {
  test("makes a root, an intermediate and a leaf that belong together", async () => {
    const { ca } = caIn(newFolder());
    const leaf = await ca.issue(request("git.home.arpa", "*.lan", "192.168.1.7", "fd00::7"));
    const { root, intermediate } = await ca.certificates();
    expect(leaf.cert.endsWith(intermediate)).toBe(true);
    expect(certificatesIn(leaf.cert)).toHaveLength(2);
    expect(isChainOf(leaf.cert, readCertificate(root))).toBe(true);
    expect(isKeyOf(leaf.key, readCertificate(leaf.cert))).toBe(true);
    expect(info(leaf.cert).names).toEqual(["*.lan", "192.168.1.7", "fd00::7", "git.home.arpa"]);
    expect(readCertificate(leaf.cert).ca).toBe(false);
  });

  test("gives a root ten years, an intermediate 90 days and a leaf 30, the latter two from a day ago", async () => {
    const { ca } = caIn(newFolder());
    const leaf = await ca.issue(request("a.lan"));
    const { root, intermediate } = await ca.certificates();
    expect(days(info(root).notAfterMs - START_MS)).toBe(3650);
    for (const [pem, life] of [
      [intermediate, 90],
      [leaf.cert, 30],
    ] as const) {
      const { notBeforeMs, notAfterMs } = info(pem);
      expect([days(notBeforeMs - START_MS), days(notAfterMs - notBeforeMs)]).toEqual([-1, life]);
    }
  });

  test("gives each certificate a serial number and a key of its own", async () => {
    const { ca } = caIn(undefined);
    const leaves = await Promise.all(Array.from({ length: 20 }, () => ca.issue(request("a.lan"))));
    expect(new Set(leaves.map(({ cert }) => readCertificate(cert).serialNumber)).size).toBe(20);
    expect(new Set(leaves.map(({ key }) => key)).size).toBe(20);
    expect(new Set(leaves.map(({ cert }) => certificatesIn(cert)[1])).size).toBe(1);
    for (const { cert } of leaves) expect(readCertificate(cert).serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test("keeps its keys in files of mode 0600, in a folder of mode 0700, and shows none", async () => {
    const path = join(newFolder(), "ca");
    const { ca, lines, fields } = caIn(path);
    const shown = JSON.stringify(await ca.certificates()) + JSON.stringify(lines) + JSON.stringify(fields);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(path).sort()).toEqual(["intermediate-with-key.pem", "root-with-key.pem", "root.crt"]);
    const keys = ["intermediate-with-key.pem", "root-with-key.pem"].map(
      (name) => splitPem(readFileSync(join(path, name), "utf8"))!.key.split("\n")[1]!,
    );
    for (const secret of [...keys, "PRIVATE"]) expect(shown).not.toContain(secret);
    expect(readFileSync(join(path, "root.crt"), "utf8")).not.toContain("PRIVATE");
    expect(lines).toEqual(["info local CA created"]);
  });

  test("is the same after a restart", async () => {
    const path = newFolder();
    const before = await caIn(path).ca.certificates();
    const { ca, lines } = caIn(path);
    expect(await ca.certificates()).toEqual(before);
    expect(lines).toEqual([]);
  });

  test("renews its intermediate when a third of its life is left, and leaves of both are good", async () => {
    const { ca, clock } = caIn(newFolder());
    const first = await ca.issue(request("a.lan"));
    clock.nowMs += 58 * DAY_MS;
    expect(certificatesIn((await ca.issue(request("a.lan"))).cert)[1]).toBe(certificatesIn(first.cert)[1]!);
    clock.nowMs += 2 * DAY_MS;
    const later = await ca.issue(request("a.lan"));
    expect(certificatesIn(later.cert)[1]).not.toBe(certificatesIn(first.cert)[1]!);
    expect(await ca.isCurrent(first)).toBe(true);
    expect(await ca.isCurrent(later)).toBe(true);
  });

  test("finds a certificate of another root not current", async () => {
    const leaf = await caIn(undefined).ca.issue(request("a.lan"));
    expect(await caIn(undefined).ca.isCurrent(leaf)).toBe(false);
    expect(await caIn(undefined).ca.isCurrent({ cert: "nonsense", key: "" })).toBe(false);
  });

  test.each(["evil.example.org", "homexarpa", "xhome.arpa", "nas", "fritz.box", "8.8.8.8", "2001:db8::1"])(
    "does not sign for %s",
    async (name) => {
      const { ca } = caIn(undefined);
      const error = await issueError(ca.issue(request("a.lan", name)));
      expect([error.step, error.message]).toEqual(["check names", `The local CA's root may not sign for ${name}`]);
      expect(error.fix).toBeString();
    },
  );

  test("signs for a domain that its root was made with, and no other", async () => {
    const path = newFolder();
    const { ca } = caIn(path, undefined, ["fritz.box"]);
    expect((await ca.issue(request("nas.fritz.box"))).cert).toContain("CERTIFICATE");
    const other = caIn(path, undefined, ["home"]).ca;
    expect((await issueError(other.issue(request("nas.home")))).fix).toContain("tenk trust");
    expect((await other.certificates()).domains).toContain("fritz.box");
  });

  test("does not replace a root that cannot be read: people have installed it", async () => {
    const path = newFolder();
    writeFileSync(join(path, "root-with-key.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const { ca } = caIn(path);
    const error = await issueError(ca.issue(request("a.lan")));
    expect([error.step, error.fix]).toEqual(["read root", expect.stringContaining("restore") as unknown as string]);
    expect(readFileSync(join(path, "root-with-key.pem"), "utf8")).toContain("AAAA");
    rmSync(join(path, "root-with-key.pem"));
    expect((await ca.issue(request("a.lan"))).cert).toContain("CERTIFICATE");
  });

  test("replaces an intermediate that cannot be read, or is of another root", async () => {
    const path = newFolder();
    await caIn(path).ca.certificates();
    writeFileSync(join(path, "intermediate-with-key.pem"), "nonsense");
    const { ca } = caIn(path);
    expect(await ca.isCurrent(await ca.issue(request("a.lan")))).toBe(true);
    rmSync(join(path, "root-with-key.pem"));
    const { ca: other } = caIn(path);
    expect(await other.isCurrent(await other.issue(request("a.lan")))).toBe(true);
  });

  test("on a disk that takes nothing works from memory, and writes its root once it can", async () => {
    const path = join(newFolder(), "ca");
    writeFileSync(path, "");
    const { ca, lines } = caIn(path);
    const { root } = await ca.certificates();
    expect(await ca.isCurrent(await ca.issue(request("a.lan")))).toBe(true);
    expect(lines).toContain("error cannot write certificates");
    rmSync(path);
    mkdirSync(path);
    await ca.retryWrites();
    expect((await caIn(path).ca.certificates()).root).toBe(root);
  });
});

describe("a clock that is wrong", () => {
  test("in 1970 makes a root that is good in every later year, and no intermediate that is kept", async () => {
    const path = newFolder();
    const { ca, clock } = caIn(path, new FakeClock(DAY_MS));
    const early = await ca.certificates();
    expect(new Date(info(early.root).notBeforeMs).toISOString()).toBe("2026-01-01T00:00:00.000Z");
    expect(days(info(early.root).notAfterMs - Date.UTC(2026, 0, 1))).toBe(3650);
    expect(readdirSync(path)).not.toContain("intermediate-with-key.pem");
    clock.nowMs = START_MS;
    const leaf = await ca.issue(request("a.lan"));
    expect([info(leaf.cert).notBeforeMs, info(certificatesIn(leaf.cert)[1]!).notBeforeMs]).toEqual([
      START_MS - DAY_MS,
      START_MS - DAY_MS,
    ]);
    expect((await ca.certificates()).root).toBe(early.root);
    expect(readdirSync(path)).toContain("intermediate-with-key.pem");
  });

  test("in 1970 does not replace the intermediate on disk", async () => {
    const path = newFolder();
    await caIn(path).ca.certificates();
    const before = readFileSync(join(path, "intermediate-with-key.pem"), "utf8");
    await caIn(path, new FakeClock(DAY_MS)).ca.issue(request("a.lan"));
    expect(readFileSync(join(path, "intermediate-with-key.pem"), "utf8")).toBe(before);
  });

  test("far in the future signs nothing with an expired root, and is fine once it is back", async () => {
    const { ca, clock } = caIn(newFolder());
    const { root } = await ca.certificates();
    clock.nowMs = Date.UTC(2099, 0, 1);
    const error = await issueError(ca.issue(request("a.lan")));
    expect([error.step, error.message]).toEqual(["sign", "The local CA's root expired on 2036-10-29"]);
    clock.nowMs = START_MS;
    expect(await ca.isCurrent(await ca.issue(request("a.lan")))).toBe(true);
    expect((await ca.certificates()).root).toBe(root);
  });

  test("beyond 2049 writes dates that can be read", async () => {
    const { ca } = caIn(undefined, new FakeClock(Date.UTC(2060, 5, 1)));
    const leaf = await ca.issue(request("a.lan"));
    expect(new Date(info(leaf.cert).notAfterMs).toISOString()).toBe("2060-06-30T00:00:00.000Z");
    expect(new X509Certificate((await ca.certificates()).root).validTo).toContain("2070");
  });

  test("no leaf outlives its intermediate, and none of them the root", async () => {
    const { ca, clock } = caIn(newFolder());
    const { notAfterMs: rootEndMs } = await ca.certificates();
    for (let day = 0; day < 3649; day += 7) {
      clock.nowMs = START_MS + day * DAY_MS;
      if (day > 60 && day < 3500) continue;
      const [leaf, intermediate] = certificatesIn((await ca.issue(request("a.lan"))).cert).map(info);
      expect(leaf!.notAfterMs).toBeGreaterThan(clock.nowMs);
      expect(leaf!.notAfterMs).toBeLessThanOrEqual(intermediate!.notAfterMs);
      expect(intermediate!.notAfterMs).toBeLessThanOrEqual(rootEndMs);
    }
  });

  test("a root is announced as ending during its last year", async () => {
    const path = newFolder();
    await caIn(path).ca.certificates();
    const { ca, lines } = caIn(path, new FakeClock(START_MS + 3400 * DAY_MS));
    await ca.certificates();
    expect(lines).toEqual(["warn local CA's root expires soon"]);
  });
});

describe("name constraints", () => {
  test("are read as they were written", async () => {
    const { ca } = caIn(undefined, undefined, ["fritz.box"]);
    const { root, intermediate } = await ca.certificates();
    const expected = ["localhost", "local", "internal", "home.arpa", "lan", "fritz.box"];
    expect(constrainedDomainsOf(readCertificate(root))).toEqual(expected);
    expect(constrainedDomainsOf(readCertificate(intermediate))).toEqual(expected);
  });

  test("of many domains, whose length takes two bytes, are read as they were written", () => {
    const domains = Array.from({ length: 40 }, (_, at) => `domain-${at}.home.arpa`);
    expect(constrainedDomains(encodeNameConstraints({ domains, ranges: ["10.0.0.0/8"] }))).toEqual(domains);
  });

  test("that are cut off or changed never make the reader throw or run away", () => {
    const good = encodeNameConstraints({ domains: ["lan", "home.arpa"], ranges: ["fe80::/10"] });
    const mutated = fc
      .tuple(fc.nat(good.length), fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255))))
      .map(([length, edits]) => {
        const bytes = good.slice();
        for (const [at, value] of edits) bytes[at] = value;
        return bytes.subarray(0, length);
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        expect(constrainedDomains(bytes).join("").length).toBeLessThanOrEqual(bytes.length);
        expect(constrainedDomainsOf({ raw: bytes })).toBeArray();
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 2000) },
    );
  });
});

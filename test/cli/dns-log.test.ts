import { describe, expect, test } from "bun:test";
import { queryLine } from "../../src/cli/dns-log.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import type { LoggedQuery } from "../../src/dash/mod.ts";
import { withBox } from "../dns/server/support.ts";
import { startTenk, tenk } from "./tenk.ts";

const PLAIN = paintsFor({ write: () => undefined });
const CONFIG = "dns: { listen: 127.0.0.1:0, tls: off, blocklists: [./ads.txt], upstreams: [127.0.0.1:9] }\n";
const FILES = { "ads.txt": "0.0.0.0 ads.example\n0.0.0.0 spam.example\n" };

const QUERY: LoggedQuery = {
  id: 1,
  time: new Date(2026, 1, 3, 4, 5, 6).getTime(),
  client: "192.168.1.7",
  clientName: "lisas-phone",
  name: "ads.example",
  type: "A",
  verdict: "blocked",
  rcode: "NOERROR",
  transport: "udp",
  stale: false,
  latencyMs: null,
  upstream: null,
  lists: ["stevenblack"],
  rule: "ads.example",
};

describe("a line of tenk dns log", () => {
  const START = "2026-02-03 04:05:06  lisas-phone      A    ";
  for (const [what, query, line] of [
    ["a blocked query", {}, `${START}  blocked    ads.example  stevenblack: ads.example`],
    [
      "one that an upstream answered",
      {
        verdict: "forwarded",
        rcode: "NXDOMAIN",
        upstream: "tls://192.0.2.1",
        latencyMs: 18.25,
        transport: "tls",
        lists: [],
      },
      `${START}  forwarded  ads.example  NXDOMAIN tls://192.0.2.1 18.3ms tls`,
    ],
    ["a stale answer", { verdict: "cached", stale: true, lists: [] }, `${START}  stale      ads.example`],
    [
      "what privacy hides",
      { client: null, clientName: null, name: null, verdict: "cached", lists: [] },
      "2026-02-03 04:05:06  -                A      cached     -",
    ],
  ] as const) {
    test(`shows ${what}`, () => {
      expect(queryLine({ ...QUERY, ...query }, PLAIN)).toBe(line);
    });
  }

  test("escapes what would control a terminal, wherever it comes from", () => {
    const evil = "\x1b[2J\u202e\n";
    const line = queryLine(
      { ...QUERY, name: evil, clientName: evil, rule: evil, lists: [evil], upstream: evil },
      PLAIN,
    );
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe("tenk dns log", () => {
  test("prints the last queries, the oldest first, and filters them", async () => {
    await withBox(
      CONFIG,
      async (box) => {
        for (const name of ["ads.example", "localhost", "spam.example"]) await box.ask(name);
        const log = async (...words: string[]) => {
          const { stdout, stderr, code } = await tenk(["dns", "log", "--url", box.instance.statusUrl, ...words]);
          expect([stderr, code]).toEqual(["", 0]);
          return stdout.trimEnd().split("\n");
        };
        const lines = await log();
        expect(lines.map((line) => /(blocked|special) +(\S+)/.exec(line)?.slice(1).join(" "))).toEqual([
          "blocked ads.example",
          "special localhost",
          "blocked spam.example",
        ]);
        const found = (await log("--blocked", "--name", "SPAM", "--client", "127.0.0.1", "--json")).map((line) =>
          JSON.parse(line),
        );
        expect(found).toMatchObject([{ name: "spam.example", verdict: "blocked", lists: ["./ads.txt"] }]);
      },
      FILES,
    );
  });

  test("-f goes on with new ones until it is stopped", async () => {
    await withBox(
      CONFIG,
      async (box) => {
        await box.ask("ads.example");
        const run = startTenk(["dns", "log", "-f", "--blocked", "--url", box.instance.statusUrl]);
        await run.sees("stdout", /ads\.example/);
        await box.ask("localhost");
        await box.ask("spam.example");
        await run.sees("stdout", /spam\.example/);
        run.child.kill("SIGINT");
        const { stdout, code } = await run.ended;
        expect([stdout.trimEnd().split("\n").length, code]).toEqual([2, 0]);
      },
      FILES,
    );
  });

  test("says what is wrong", async () => {
    await withBox(
      CONFIG,
      async (box) => {
        const failure = async (...words: string[]) =>
          (await tenk(["dns", "log", "--url", box.instance.statusUrl, ...words])).stderr;
        expect(await failure("--verdict", "bad")).toContain(
          "cannot read verdict: expected one or more of local, special",
        );
      },
      FILES,
    );
    const { stderr, code } = await tenk(["dns", "log", "--url", "http://127.0.0.1:9/"]);
    expect([stderr, code]).toEqual([expect.stringContaining("for its query log: nothing listens there"), 1]);
  });
});

import { describe, expect, test } from "bun:test";
import { whyText } from "../../src/cli/dns-why.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import type { WhyAnswer } from "../../src/dash/mod.ts";
import { withBox } from "../dns/server/support.ts";
import { tenk } from "./tenk.ts";

const PLAIN = paintsFor({ write: () => undefined });
const WHY: WhyAnswer = {
  name: "www.example",
  type: "A",
  client: "127.0.0.1",
  verdict: "forwarded",
  rcode: null,
  records: [],
  lists: null,
  isPaused: false,
  cache: null,
  upstreams: ["tls://192.0.2.1", "udp://192.0.2.2"],
};
const block = (name: string) => ({
  name,
  action: "block" as const,
  lines: [{ list: "stevenblack", line: 12, text: "0.0.0.0 www.example" }],
});

describe("tenk dns why", () => {
  for (const [what, why, text] of [
    [
      "a local name",
      { verdict: "local", rcode: "NOERROR", records: ["A 192.0.2.7"] },
      "is a local name: NOERROR A 192.0.2.7",
    ],
    [
      "a special name",
      { verdict: "special", rcode: "NXDOMAIN" },
      "is a special name, which is never forwarded: NXDOMAIN",
    ],
    [
      "a name that is blocked",
      { verdict: "blocked", rcode: "NOERROR", records: ["A 0.0.0.0"], lists: block("www.example") },
      "is blocked: NOERROR A 0.0.0.0\n  blocked by stevenblack, line 12: 0.0.0.0 www.example",
    ],
    [
      "one that leads to a blocked name",
      { verdict: "blocked", rcode: "NXDOMAIN", lists: block("x.cloak.example") },
      "is blocked: NXDOMAIN\n  its answer leads to x.cloak.example\n  blocked by stevenblack, line 12: 0.0.0.0 www.example",
    ],
    [
      "what is cached",
      { verdict: "cached", rcode: "NOERROR", records: ["A 192.0.2.7"], cache: { ageSeconds: 25, ttlSeconds: 70 } },
      "is in the cache: NOERROR A 192.0.2.7 (25s old, 45s left)",
    ],
    [
      "what is stale",
      { verdict: "cached", rcode: "NXDOMAIN", cache: { ageSeconds: 90, ttlSeconds: 30 } },
      "is in the cache: NXDOMAIN (90s old, stale for 60s)",
    ],
    ["what an upstream is asked", {}, "is not known here, tls://192.0.2.1, udp://192.0.2.2 would be asked"],
    [
      "that blocking is paused",
      { isPaused: true, upstreams: [] },
      "is not known here, no upstream would be asked\n  blocking is paused or off",
    ],
  ] as const) {
    test(`tells ${what}`, () => {
      expect(whyText({ ...WHY, ...why }, PLAIN)).toBe(`www.example A ${text}`);
    });
  }

  test("escapes what would control a terminal, wherever it comes from", () => {
    const evil = "\x1b[2J\u202e\r";
    const lists = { name: evil, action: "allow" as const, lines: [{ list: evil, line: 1, text: evil }] };
    const text = whyText({ ...WHY, name: evil, records: [evil], upstreams: [evil], lists }, PLAIN);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test("asks a running tenk", async () => {
    const config =
      'dns: { listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: [127.0.0.1:9], rules: ["||ads.example^"] }\n';
    await withBox(config, async (box) => {
      const { stdout, code } = await tenk(["dns", "why", "www.ads.example", "--url", box.instance.statusUrl]);
      expect([stdout, code]).toEqual([
        "www.ads.example A is blocked: NOERROR A 0.0.0.0\n  blocked by rules, line 1: ||ads.example^\n",
        0,
      ]);
    });
  });
});

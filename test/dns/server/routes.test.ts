import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findToken } from "../../../src/app/mod.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

/** An upstream where every name has an address. */
const everything = () =>
  FakeServer.open(({ bytes, reply }) =>
    reply(replyTo(bytes, { answer: [`${questionOf(bytes).text} 300 A 198.51.100.1`] })),
  );
const text = (upstream: FakeServer, more = "") =>
  `data: { folder: ./data }\ndns: { listen: 127.0.0.1:0, tls: off, blocklists: [./ads.txt], upstreams: ["${upstream.address}"]${more} }\n`;
const WRONG = {
  status: 400,
  json: { error: expect.stringMatching(/^name: |^action: |^pauseMs: |expected object|Unrecognized key/) as string },
};
const ADS = { "ads.txt": "||ads.example^\n||loud.example^$important\n" };
const [BLOCKED, RESOLVED] = ["NOERROR A 0.0.0.0", "NOERROR A 198.51.100.1"];

async function api(box: Box, path: string, body?: object, headers: Record<string, string> = {}) {
  const token = findToken(join(box.folder, "data"))!;
  const answer = await fetch(`${box.instance.statusUrl}api/dns/${path}`, {
    headers: { authorization: `Bearer ${token}`, "x-tenk": "1", "content-type": "application/json", ...headers },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe("on the page of the part dns", () => {
  test("a name is allowed or blocked by a click, at once and on all threads, and the file says so", async () => {
    await using upstream = await everything();
    await withBox(
      text(upstream),
      async (box) => {
        const click = (name: string, action: string) => api(box, "rules", { name, action });
        expect(await box.ask("www.ads.example")).toBe(BLOCKED);
        expect(await box.ask("fine.example")).toBe(RESOLVED);
        await click("Ads.example.", "allow");
        await click("loud.example", "allow");
        const { json } = await click("fine.example", "block");
        expect(await box.ask("www.ads.example")).toBe(RESOLVED);
        expect(await box.ask("loud.example")).toBe(RESOLVED);
        expect(await box.ask("a.fine.example")).toBe(BLOCKED);
        expect(await box.askByTcp("a.fine.example")).toBe(BLOCKED);
        const file = join(box.folder, "data/dns-rules.txt");
        const since = new Date().toISOString().slice(0, 10);
        expect(json).toEqual({
          file,
          rules: [
            { name: "ads.example", action: "allow", since },
            { name: "loud.example", action: "allow", since },
            { name: "fine.example", action: "block", since },
          ],
        });
        expect(readFileSync(file, "utf8")).toContain(`\n||fine.example^$important # ${since}\n`);
        await click("fine.example", "remove");
        expect(await box.ask("fine.example")).toBe(RESOLVED);
        writeFileSync(file, "||edited.example^\n");
        expect(await box.reload(text(upstream))).toBe("reloaded");
        await box.untilAnswered("edited.example", BLOCKED);
        await box.untilAnswered("ads.example", BLOCKED);
      },
      ADS,
    );
  });

  test("blocking is paused and resumed; rewrites hold meanwhile", async () => {
    await using upstream = await everything();
    await withBox(
      text(upstream, ', rules: ["||moved.example^$dnsrewrite=192.0.2.9"]'),
      async (box) => {
        expect(await box.ask("ads.example")).toBe(BLOCKED);
        const paused = await api(box, "blocking", { pauseMs: 60_000 });
        expect(paused.json).toMatchObject({ isEnabled: true, pausedUntilMs: expect.any(Number) as number });
        await box.untilAnswered("ads.example", RESOLVED);
        expect((await api(box, "blocking", { pauseMs: 0 })).json).toEqual({
          isEnabled: true,
          pausedUntilMs: null,
          clients: [],
        });
        await box.untilAnswered("ads.example", BLOCKED);
        await api(box, "blocking", { pauseMs: 1 });
        await box.untilAnswered("ads.example", BLOCKED);
        expect((await api(box, "blocking")).json).toEqual({ isEnabled: true, pausedUntilMs: null, clients: [] });
      },
      ADS,
    );
  });

  test("a file of rules that cannot be read stops nothing but itself", async () => {
    await using upstream = await everything();
    await withBox(
      text(upstream),
      async (box) => {
        const file = join(box.folder, "data/dns-rules.txt");
        rmSync(file);
        mkdirSync(file);
        expect(await box.reload(text(upstream, ', rules: ["||later.example^"]'))).toBe("reloaded");
        await box.untilAnswered("later.example", BLOCKED);
        expect(await box.ask("ads.example")).toBe(BLOCKED);
        expect(await api(box, "rules", { name: "x.example", action: "block" })).toMatchObject({
          status: 500,
          json: { error: "it failed; the log says why" },
        });
      },
      ADS,
    );
  });

  test("nobody changes anything without the token, and nothing that is no name becomes a rule", async () => {
    await using upstream = await everything();
    await withBox(
      text(upstream),
      async (box) => {
        const body = { name: "x.example", action: "block" };
        expect((await api(box, "rules", body, { authorization: "" })).status).toBe(403);
        expect((await api(box, "blocking", { pauseMs: 1000 }, { authorization: "Bearer wrong" })).status).toBe(401);
        for (const name of ["", "a b", "x^$client=y", "a\nb", "<img>", "é.example", ".", "a..b", "x".repeat(64)])
          expect(await api(box, "rules", { ...body, name })).toMatchObject(WRONG);
        for (const wrong of [{ ...body, action: "drop" }, { ...body, more: 1 }, []])
          expect(await api(box, "rules", wrong)).toMatchObject(WRONG);
        for (const pauseMs of [-1, 1.5, "5m", 8 * 86_400_000])
          expect(await api(box, "blocking", { pauseMs })).toMatchObject(WRONG);
        expect((await api(box, "rules")).json.rules).toEqual([]);
        expect(await box.ask("x.example")).toBe(RESOLVED);
      },
      ADS,
    );
  });
});

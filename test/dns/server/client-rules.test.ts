import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { findToken } from "../../../src/app/mod.ts";
import { queryBytes } from "../queries.ts";
import { told } from "../resolver/house.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const [BLOCKED, RESOLVED] = ["NOERROR A 0.0.0.0", "NOERROR A 198.51.100.1"];
const FILES = { "ads.txt": "0.0.0.0 ads.example\n", "games.txt": "0.0.0.0 games.example\n" };

/** Asks from an address of this machine. */
async function askFrom(address: string, { port }: Box, name: string): Promise<string> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  socket.send(queryBytes(name), port, "127.0.0.1");
  const [bytes] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return told(new Uint8Array(bytes)).text;
}

/** Answers of some names for one client. */
const asks = async (box: Box, address: string, ...names: string[]) => {
  const answers = [];
  for (const name of names) answers.push((await askFrom(address, box, name)) === BLOCKED);
  return answers;
};

async function withClients(text: string, work: (box: Box) => Promise<void>): Promise<void> {
  await using upstream = await FakeServer.open(({ bytes, reply }) =>
    reply(replyTo(bytes, { answer: [`${questionOf(bytes).text} 300 A 198.51.100.1`] })),
  );
  const all = `data: { folder: ./data }\ndns: { listen: 127.0.0.1:0, tls: off, blocklists: [./ads.txt], upstreams: ["${upstream.address}"], ${text} }\n`;
  await withBox(all, work, FILES);
}

describe("clients with settings of their own", () => {
  test("have lists of their own, or none, by address, network and name; lists of others do not hold for the rest", async () => {
    const text = `hosts: { tablet: 127.0.0.4 }, clients: {
      kid: { match: [127.0.0.2], lists: [./games.txt, ./ads.txt] },
      tv: { match: [127.0.1.0/24], blocking: false },
      tablet: { match: [tablet], lists: [] } }`;
    await withClients(text, async (box) => {
      const names = ["ads.example", "games.example", "www.example"] as const;
      await box.untilAnswered("ads.example", BLOCKED);
      expect(await asks(box, "127.0.0.1", ...names)).toEqual([true, false, false]);
      expect(await asks(box, "127.0.0.2", ...names)).toEqual([true, true, false]);
      expect(await asks(box, "127.0.1.9", ...names)).toEqual([false, false, false]);
      expect(await asks(box, "127.0.0.4", ...names)).toEqual([false, false, false]);
    });
  });

  test("hold within their hours; a reload changes them", async () => {
    const now = new Date();
    const hour = (offset: number) => `${String((now.getHours() + offset + 24) % 24).padStart(2, "0")}:00`;
    const text = `clients: {
      later: { match: [127.0.0.2], blocking: false, schedule: ["${hour(2)}-${hour(4)}"] },
      now: { match: [127.0.0.3], blocking: false, schedule: ["${hour(-2)}-${hour(3)}"] } }`;
    await withClients(text, async (box) => {
      await box.untilAnswered("ads.example", BLOCKED);
      expect(await asks(box, "127.0.0.2", "ads.example")).toEqual([true]);
      expect(await asks(box, "127.0.0.3", "ads.example")).toEqual([false]);
    });
  });

  test("are named by $client of rules", async () => {
    const text = `clients: { kid: { match: [127.0.0.2] } },
      rules: ["||for-kid.example^$client=kid", "||not-kid.example^$client=~kid", "||net.example^$client=127.0.1.0/24", "@@||ads.example^$client='kid'"]`;
    await withClients(text, async (box) => {
      const names = ["for-kid.example", "not-kid.example", "net.example", "ads.example"] as const;
      expect(await asks(box, "127.0.0.1", ...names)).toEqual([false, true, false, true]);
      expect(await asks(box, "127.0.0.2", ...names)).toEqual([true, false, false, false]);
      expect(await asks(box, "127.0.1.1", ...names)).toEqual([false, true, true, true]);
    });
  });

  test("blocking is paused for one client alone", async () => {
    await withClients("", async (box) => {
      const pause = async (body: object) => {
        const headers = {
          authorization: `Bearer ${findToken(join(box.folder, "data"))}`,
          "x-tenk": "1",
          "content-type": "application/json",
        };
        const url = `${box.instance.statusUrl}api/dns/blocking`;
        return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
      };
      expect(await pause({ pauseMs: 60_000, client: "::ffff:127.0.0.2" })).toMatchObject({
        pausedUntilMs: null,
        clients: [{ client: "127.0.0.2", pausedUntilMs: expect.any(Number) as number }],
      });
      await untilAsked(box, "127.0.0.2", "ads.example", RESOLVED);
      expect(await askFrom("127.0.0.1", box, "ads.example")).toBe(BLOCKED);
      const why = async (client: string) => {
        const url = `${box.instance.statusUrl}api/dns/why?name=ads.example&client=${client}`;
        return (await fetch(url)).json();
      };
      expect(await why("127.0.0.1")).toMatchObject({ isPaused: false, verdict: "blocked" });
      expect(await why("::ffff:127.0.0.2")).toMatchObject({ client: "127.0.0.2", isPaused: true, lists: null });
      expect(await pause({ pauseMs: 0, client: "127.0.0.2" })).toMatchObject({ clients: [] });
      await untilAsked(box, "127.0.0.2", "ads.example", BLOCKED);
      await pause({ pauseMs: 1, client: "127.0.0.2" });
      await untilAsked(box, "127.0.0.2", "ads.example", BLOCKED);
      expect(await pause({ pauseMs: 1000, client: "nobody" })).toMatchObject({
        error: expect.stringContaining("expected an address") as string,
      });
    });
  });

  test.each([
    ["kid: { match: [] }", "expected one or more"],
    ["kid: { match: [a b] }", "write an address, a network, a MAC address"],
    ["kid: { match: [10.0.0.0/33] }", "10.0.0.0/33"],
    ["kid: { match: [10.0.0.1], schedule: [always] }", "write mon-fri 20:00-07:00"],
    ["kid: { match: [10.0.0.1], lists: [stevenblak] }", "stevenblack"],
    ['"a b": { match: [10.0.0.1] }', "expected a name of letters"],
  ])("a wrong one is an error: %s", async (clients, message) => {
    await expect(withClients(`clients: { ${clients} }`, async () => {})).rejects.toThrow(message);
  });
});

async function untilAsked(box: Box, address: string, name: string, expected: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (let answer = ""; answer !== expected; answer = await askFrom(address, box, name))
    if (performance.now() > deadline) throw new Error(`${name} is still answered ${answer} to ${address}`);
}

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { ShownQuery } from "../../../src/dns/log/shown-query.ts";
import { until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { queryBytes } from "../queries.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { replyTo } from "../upstream/replies.ts";
import { type Box, withBox } from "./support.ts";

const LISTEN = "listen: 127.0.0.1:0, tls: off, blocklists: [./ads.txt]";
const FILES = { "ads.txt": "0.0.0.0 ads.example\n" };

interface Page {
  readonly entries: readonly ShownQuery[];
  readonly before: number | null;
}

function get<Answer = Page>({ instance }: Box, path: string): Promise<Answer> {
  return fetch(new URL(`api/dns/${path}`, instance.statusUrl)).then((response) => response.json() as Promise<Answer>);
}

const answeringServer = () =>
  FakeServer.open(({ bytes, reply }) => reply(replyTo(bytes, { answer: ["www.example 300 A 198.51.100.1"] })));

describe("the query log of the part dns", () => {
  test("has every query with its verdict, by UDP and TCP, of all threads", async () => {
    await using upstream = await answeringServer();
    const text = `dns: { ${LISTEN}, upstreams: ["${upstream.address}"], hosts: { nas: 192.168.1.5 } }\n`;
    await withBox(
      text,
      async (box) => {
        for (const name of ["nas.home.arpa", "ads.example", "WWW.example", "www.example", "localhost"]) {
          await box.ask(name);
        }
        await box.askByTcp("ads.example");
        const { entries } = await get(box, "log");
        const shown = entries.map(({ name, verdict, transport }) => `${name} ${verdict} ${transport}`);
        expect(shown.sort()).toEqual([
          "ads.example blocked tcp",
          "ads.example blocked udp",
          "localhost special udp",
          "nas.home.arpa local udp",
          "www.example cached udp",
          "www.example forwarded udp",
        ]);
        const forwarded = entries.find(({ verdict }) => verdict === "forwarded")!;
        expect(forwarded).toMatchObject({
          client: "127.0.0.1",
          clientName: `${hostname().split(".")[0]}.home.arpa`,
          rcode: "NOERROR",
        });
        expect(forwarded.upstream).toContain(upstream.address.split(":").at(-1)!);
        expect(forwarded.latencyMs).toBeGreaterThan(0);
        expect(entries.find(({ verdict }) => verdict === "blocked")).toMatchObject({
          lists: ["./ads.txt"],
          rule: "ads.example",
          latencyMs: null,
        });
        expect(await get(box, "statistics")).toMatchObject({ queries: 6, blockedShare: 2 / 6 });
        expect((await get(box, "log?client=127.0.0.1&verdict=blocked")).entries.length).toBe(2);
      },
      FILES,
    );
  });

  test("names clients that only the router knows", async () => {
    await using router = await FakeServer.open(({ bytes, reply }) =>
      reply(replyTo(bytes, { answer: ["9.0.0.127.in-addr.arpa 60 PTR lisas-phone.lan"] })),
    );
    const text = `dns: { ${LISTEN}, upstreams: [127.0.0.1:9], zones: { 127.in-addr.arpa: "${router.address}" } }\n`;
    await withBox(
      text,
      async (box) => {
        await using client = await Client.open(box.port, "127.0.0.1", "127.0.0.9");
        await client.send(queryBytes("localhost"));
        await client.next();
        const { entries } = await get(box, "log");
        expect(entries.map(({ client: address, clientName }) => [address, clientName])).toEqual([
          ["127.0.0.9", "lisas-phone.lan"],
        ]);
      },
      FILES,
    );
  });

  test("is kept over a restart, with its counts", async () => {
    const data = mkdtempSync(join(tmpdir(), "tenk-dns-log-"));
    try {
      const text = `data: { folder: "${data}" }\ndns: { ${LISTEN}, upstreams: [127.0.0.1:9] }\n`;
      await withBox(text, async (box) => void (await box.ask("ads.example")), FILES);
      await withBox(
        text,
        async (box) => {
          await box.ask("localhost");
          const { entries } = await get(box, "log");
          expect(entries.map(({ name }) => name)).toEqual(["localhost", "ads.example"]);
          let queries = 0;
          await until(() => {
            void get<{ queries: number }>(box, "statistics").then((counts) => {
              queries = counts.queries;
            });
            return queries === 2;
          });
        },
        FILES,
      );
    } finally {
      rmSync(data, { recursive: true });
    }
  });

  test("shows only what its privacy allows, also after a reload; off, there is none", async () => {
    const text = (log: string) => `dns: { ${LISTEN}, upstreams: [127.0.0.1:9], log: { ${log} } }\n`;
    await withBox(
      text(""),
      async (box) => {
        const askBoth = async () => {
          await box.ask("ads.example");
          await box.askByTcp("ads.example");
          return (await get(box, "log")).entries;
        };
        expect((await askBoth()).map(({ name }) => name)).toEqual(["ads.example", "ads.example"]);
        expect(await box.reload(text("privacy: hide-names"))).toBe("reloaded");
        expect((await askBoth()).map(({ name, client }) => [name, client])).toEqual([
          [null, "127.0.0.1"],
          [null, "127.0.0.1"],
        ]);
        expect(await box.reload(text("privacy: only-counts"))).toBe("reloaded");
        expect(await askBoth()).toEqual([]);
        expect(await get(box, "statistics")).toMatchObject({ queries: 6, clients: [], blockedNames: [] });
        expect(await box.reload(text("enabled: false"))).toBe("reloaded");
        expect(await askBoth()).toEqual([]);
        expect(await get(box, "statistics")).toMatchObject({ queries: 6 });
        expect(await box.reload(text("memory: 2MiB"))).toStartWith("Cannot change dns.log.memory while tenk runs");
      },
      FILES,
    );
  });
});

import { expect, test } from "bun:test";
import { exchange, proxyOptions, rawTarget, startProxy } from "./support.ts";

test.each([
  ["uri-hash", "balance: uri-hash", (n: number) => [`/page/${n}?q=1`, ""], true],
  ["header-hash", "balance: header-hash, hashHeader: X-Tenant", (n: number) => [`/${n}`, "x-tenant: same\r\n"], false],
  [
    "header-hash, values",
    "balance: header-hash, hashHeader: X-Tenant",
    (n: number) => ["/", `X-TENANT: ${n}\r\n`],
    true,
  ],
  ["source-hash", "balance: source-hash", (n: number) => [`/${n}`, ""], false],
] as const)(
  "%s sends what has one hash to one target, and spreads what has others",
  async (_, settings, request, spreads) => {
    const answer = (name: string) =>
      rawTarget((text, socket) => {
        if (text.endsWith("\r\n\r\n"))
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n${name}`);
      });
    const targets = await Promise.all([answer("a"), answer("b")]);
    const urls = targets.map(({ port }) => `"http://127.0.0.1:${port}"`).join(", ");
    const proxy = await startProxy(proxyOptions(`  app: { targets: [${urls}], plainHttp: serve, ${settings} }\n`));
    try {
      const ask = async (n: number) => {
        const [target, line] = request(n);
        const text = `GET ${target} HTTP/1.1\r\nHost: app.home.arpa\r\n${line}Connection: close\r\n\r\n`;
        return (await exchange(proxy.port!, text)).slice(-1);
      };
      const answers = await Promise.all(Array.from({ length: 24 }, (_, n) => ask(n)));
      const again = await Promise.all(Array.from({ length: 24 }, (_, n) => ask(n)));
      expect(again).toEqual(answers);
      expect(new Set(answers).size).toBe(spreads ? 2 : 1);
    } finally {
      await proxy.stop({ graceMs: 0 });
      for (const target of targets) target.stop();
    }
  },
);

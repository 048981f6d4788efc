import { expect, test } from "bun:test";
import { parseConfig } from "../../src/app/mod.ts";
import { withStickySecret } from "../../src/proxy/forward/mod.ts";
import { bodyOf, exchange, get, proxyOptions, type RawTarget, rawTarget, startProxy } from "./support.ts";

const named = (name: string): Promise<RawTarget> =>
  rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n"))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n${name}`);
  });
const cookieOf = (answer: string) =>
  /^Set-Cookie: (lb=[\w-]{22}); Path=\/; HttpOnly; SameSite=Lax\r$/im.exec(answer)?.[1];

test("a client stays with its target by a cookie that says nothing, and gets another when that is gone", async () => {
  const [a, b] = await Promise.all([named("a"), named("b")]);
  const urls = [a, b].map(({ port }) => `"http://127.0.0.1:${port}"`).join(", ");
  const sticky = "sticky: { cookie: lb, secret: a-long-random-text }, plainHttp: serve";
  const proxy = await startProxy(proxyOptions(`  app: { targets: [${urls}], ${sticky}, timeouts: { connect: 1s } }\n`));
  const ask = (...fields: string[]) => exchange(proxy.port!, get("/", "app.home.arpa", ...fields));
  try {
    const [first, second] = [await ask(), await ask()];
    expect([bodyOf(first), bodyOf(second)].toSorted()).toEqual(["a", "b"]);
    const cookie = cookieOf(first)!;
    expect(cookieOf(second)).not.toBe(cookie);
    for (let again = 0; again < 4; again++) {
      const answer = await ask(`Cookie: other=1; ${cookie}`);
      expect([bodyOf(answer), cookieOf(answer)]).toEqual([bodyOf(first), undefined]);
    }
    // Anything else is as good as none.
    expect(cookieOf(await ask("Cookie: lb=127.0.0.1; lb="))).toBeDefined();
    (bodyOf(first) === "a" ? a : b).stop();
    const moved = await ask(`Cookie: ${cookie}`);
    expect([bodyOf(moved), cookieOf(moved)]).toEqual([bodyOf(second), cookieOf(second)]);
  } finally {
    await proxy.stop({ graceMs: 0 });
    for (const target of [a, b]) target.stop();
  }
});

test("a service without a secret gets that of the process, and one with a secret keeps it", () => {
  const secretOf = (sticky: string) => {
    const [service] = parseConfig(`services: { a: { target: http://a, ${sticky} } }`, "test.yaml").services;
    const { answer } = withStickySecret(service!, "of the process").http!;
    return answer.type === "forward" ? answer.forward.sticky?.secret : "no target";
  };
  expect(secretOf("sticky: true")).toBe("of the process");
  expect(secretOf("sticky: { secret: a-long-random-text }")).toBe("a-long-random-text");
  expect(secretOf("strip: false")).toBeUndefined();
});

import { expect, test } from "bun:test";
import { bodyOf, exchange, get, proxyOptions, startProxy } from "./support.ts";

test.each([
  ["{http.request.header.X-Name} {header.x-name} {header.none}.", "a {http.request.uri} a {http.request.uri} ."],
  ["{http.request.cookie.id} {cookie.no}.", "7=8 ."],
  ["{http.request.remote.host} {unknown.Name}", "127.0.0.1 {unknown.Name}"],
])("%s", async (body, expected) => {
  const proxy = await startProxy(proxyOptions(`  app: { respond: "${body}", plainHttp: serve }\n`));
  const request = get("/", "app.home.arpa", "X-Name: a {http.request.uri}", "Cookie: a=b; id=7=8");
  expect(bodyOf(await exchange(proxy.port!, request))).toBe(expected);
  await proxy.stop({ graceMs: 0 });
});

test("{http.request.remote} has the port, and each {http.request.uuid} is another", async () => {
  const text = "{http.request.remote} {http.request.uuid}";
  const proxy = await startProxy(proxyOptions(`  app: { respond: "${text}", plainHttp: serve }\n`));
  const bodies = [0, 1].map(async () => bodyOf(await exchange(proxy.port!, get("/", "app.home.arpa"))));
  const [one, other] = await Promise.all(bodies);
  for (const each of [one, other]) expect(each).toMatch(/^127\.0\.0\.1:\d+ [0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(one!.split(" ")[1]).not.toBe(other!.split(" ")[1]);
  await proxy.stop({ graceMs: 0 });
});

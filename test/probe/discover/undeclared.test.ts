import { expect, test } from "bun:test";
import { parseConfig } from "../../../src/app/mod.ts";
import { discoverRoute, undeclaredOf } from "../../../src/probe/discover/undeclared.ts";
import type { Found } from "../../../src/probe/mod.ts";

const OWN = new Set(["localhost", "::1", "10.0.0.2"]);
const found = (target: string, pid = 1): Found => ({
  name: `at-${pid}`,
  target,
  program: "a",
  pid,
  knownBy: "name",
  otherPorts: [],
});

test.each([
  ["redis://127.0.0.1:6379", "cache: redis://localhost", 0],
  ["redis://127.0.0.1:6379", "cache: redis://:secret@127.0.0.1:6379", 0],
  ["http://127.0.0.1:80", "web: http://10.0.0.2", 0],
  ["http://[::1]:443", "web: 'https://[::1]'", 0],
  ["http://127.0.0.1:3001", "git: { targets: ['http://10.0.0.9:3000', 'http://127.0.0.1:3001'] }", 0],
  ["http://127.0.0.1:3000", "git: http://10.0.0.9:3000", 1],
  ["http://127.0.0.1:3000", "git: http://127.0.0.1:3001", 1],
  ["http://127.0.0.1:3000", "app: 'unix:/run/app.sock', own: { respond: hi }, box: dashboard", 1],
])("%s is declared by %s, or not", (target, services, count) => {
  const config = parseConfig(`services: { ${services} }`, "tenk.yaml");
  expect(undeclaredOf([found(target)], config.services, OWN)).toHaveLength(count);
});

test("a look leaves out tenk itself, and one that is under way serves all who ask", async () => {
  const { services } = parseConfig("services: { cache: redis://127.0.0.1, at-9: redis://10.0.0.9 }", "tenk.yaml");
  let looks = 0;
  const route = discoverRoute(
    () => services,
    async () => {
      looks += 1;
      return [
        found("redis://127.0.0.1:6379", 7),
        found("http://127.0.0.1:9190", process.pid),
        found("mqtt://127.0.0.1:1883", 9),
      ];
    },
  );
  const [one, other] = await Promise.all([route.post!({}), route.post!({})]);
  expect(one).toEqual({ text: "services:\n  at-9-1883: mqtt://127.0.0.1:1883  # a (pid 9)\n", found: 1, declared: 1 });
  expect([other, looks]).toEqual([one, 1]);
  await route.post!({});
  expect(looks).toBe(2);
});

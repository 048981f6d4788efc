import { expect, test } from "bun:test";
import { parseConfig } from "../../src/app/mod.ts";

test("a setting without a value has its default, and is told with its line", () => {
  const loaded = parseConfig(
    "tcp:\n  a:\n    listen: 1\n    backlog:\n    limits:\n      idle: # later\ndata:\n  folder:\nlog:\n",
    "tenk.yaml",
  );
  expect(loaded.empty).toEqual([
    { key: "tcp.a.backlog", line: 4 },
    { key: "tcp.a.limits.idle", line: 6 },
    { key: "data.folder", line: 8 },
  ]);
  expect(loaded.config.tcp!.a).toMatchObject({ backlog: 4096, limits: { idle: 0 } });
  expect([...loaded.written]).toEqual(["tcp.a.listen"]);
});

test.each([
  ["tcp:\n  a:", "tenk.yaml:2: tcp.a.listen: expected a port, host:port or unix:/path, found nothing"],
  ["tcp:\n  a:\n    listen:", "tenk.yaml:3: tcp.a.listen: expected a port, host:port or unix:/path, found nothing"],
  ["services:\n  git:", "tenk.yaml:2: services.git.target: expected a URL such as"],
  [
    "services:\n  git:\n    target: http://a\n    allow:",
    "tenk.yaml:4: services.git.allow: expected a list of addresses",
  ],
  [
    "services:\n  git:\n    target: http://a\n    auth:",
    "tenk.yaml:4: services.git.auth: expected a section, found nothing",
  ],
  ["tcp:\n  a:\n    listen: 1\n    tls:", "tenk.yaml:4: tcp.a.tls: expected a section, found nothing"],
  ["dns:\n  hosts:\n    nas:", "tenk.yaml:3: dns.hosts.nas: "],
])("what is required, or keeps others out, is refused without a value: %j", (text, message) => {
  expect(() => parseConfig(text, "tenk.yaml")).toThrow(message);
});

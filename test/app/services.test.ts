import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadedConfig, parseConfig, type Status, up } from "../../src/app/mod.ts";
import { publicService } from "../../src/part/mod.ts";
import { tenk, withFolder } from "../cli/tenk.ts";
import { keptLog } from "./admin/support.ts";

const services = (text: string): LoadedConfig["services"] => parseConfig(text, "tenk.yaml").services;

/** What is wrong with a text, as people read it. */
function wrong(text: string): string {
  try {
    parseConfig(text, "tenk.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("a service", () => {
  test.each([
    ["git: http://127.0.0.1:3000", "http", ["git.local", "git.localhost"]],
    ["git: https://10.0.0.2", "http", ["git.local", "git.localhost"]],
    ["cache: redis://127.0.0.1:6379", "redis", ["cache.local"]],
    ["db: postgresql://127.0.0.1", "postgres", ["db.local"]],
    ["db: { target: mongodb+srv://cluster.example }", "mongodb", ["db.local"]],
    ["queue: { target: tcp://10.0.0.3:5672, kind: amqp }", "amqp", ["queue.local"]],
    [
      "git: { target: 'http://[::1]:3000', hosts: [Git.Example, code.example] }",
      "http",
      ["git.example", "code.example"],
    ],
    ["box: dashboard", "http", ["box.local", "box.localhost"]],
  ])("%s is of a kind and has names", (text, kind, hosts) => {
    expect(services(`services: { ${text} }`)).toMatchObject([{ kind, hosts }]);
  });

  test("has its name below the domain", () => {
    expect(services("domain: home.arpa\nservices: { git: http://127.0.0.1:3000 }")).toMatchObject([
      {
        name: "git",
        target: "http://127.0.0.1:3000",
        kind: "http",
        hosts: ["git.home.arpa", "git.local", "git.localhost"],
      },
    ]);
  });

  test("may stand in a group, whose heading has a bound", () => {
    expect(services("services: { git: { target: http://127.0.0.1:3000, group: Code } }")).toMatchObject([
      { group: "Code" },
    ]);
    expect(wrong(`services: { git: { target: http://a, group: ${"x".repeat(65)} } }`)).toContain(
      "at most 64 characters",
    );
  });

  test("is none where none is declared, or all are commented out", () => {
    expect(services("domain: home.arpa")).toEqual([]);
    expect(services("services:\n  # git: http://127.0.0.1:3000\n")).toEqual([]);
  });

  test.each([
    ["services:\n  git: 127.0.0.1:3000", "tenk.yaml:2: services.git.target: expected a URL such as"],
    ["services:\n  git: http://", "tenk.yaml:2: services.git.target: expected a URL such as"],
    ["services:\n  git:", "tenk.yaml:2: services.git.target: expected a URL such as"],
    ["services:\n  Git: http://a", "tenk.yaml:2: services.Git: expected a name of a-z, 0-9 and -"],
    ["services:\n  git: { targt: http://a }", "tenk.yaml:2: services.git.targt: unknown key, did you mean target?"],
    ["services:\n  git: { target: http://a, hosts: [no_name] }", "services.git.hosts.0: expected a name such as"],
    ["services: { box: { target: dashboard, kind: redis } }", "services.box.kind: expected http, since its target"],
    ["services: { box: { target: dashboard, sticky: true } }", "services.box.sticky: expected only with targets of"],
    ["services: { box: { target: dashboard, path: /t, strip: true } }", "services.box.strip: expected false: the"],
    ["services: { box: { targets: [dashboard] } }", "services.box.targets.0.url: expected a URL without a path"],
    ["services: [git]", "tenk.yaml:1: services: expected services by name, found a list"],
    ["domain: -x", "tenk.yaml:1: domain: expected a name such as git.home.arpa"],
    [
      "services:\n  a: http://x\n  b: { target: http://y, hosts: [a.local] }",
      "tenk.yaml:3: services.b: expected a host and path of its own, a.local is that of services.a (line 2)",
    ],
  ])("%j is refused", (text, words) => {
    expect(wrong(text)).toContain(words);
  });
});

describe("two settings with one address are refused:", () => {
  test.each([
    [
      'a: { listen: 7000 }, b: { listen: "127.0.0.1:7000" }',
      "tcp.b.listen: expected an address of its own, 127.0.0.1:7000 is that of tcp.a.listen (line 1)",
    ],
    ['a: { listen: "localhost:7000" }, b: { listen: "127.0.0.1:7000" }', "is that of tcp.a.listen (line 1)"],
    ['a: { listen: "[::]:7000" }, b: { listen: "127.0.0.1:7000" }', "is that of tcp.a.listen (line 1)"],
    ["a: { listen: unix:/run/a }, b: { listen: unix:/run/a }", "unix:/run/a is that of tcp.a.listen (line 1)"],
    [
      'a: { listen: "127.0.0.1:9190" }',
      "tcp.a.listen: expected an address of its own, 127.0.0.1:9190 is that of dashboard.listen, by default",
    ],
  ])("%s", (tcp, words) => {
    expect(wrong(`tcp: { ${tcp} }`)).toContain(words);
  });

  test.each([
    'a: { listen: "127.0.0.1:7000" }, b: { listen: "127.0.0.2:7000" }',
    'a: { listen: "127.0.0.1:0" }, b: { listen: "127.0.0.1:0" }',
    'a: { listen: "0.0.0.0:7000" }, b: { listen: "[::1]:7000" }',
  ])("but not %s", (tcp) => {
    expect(wrong(`tcp: { ${tcp} }`)).toBe("nothing");
  });

  test("the dashboard too, each by its line", () => {
    const text = 'tcp:\n  a: { listen: "127.0.0.1:7000" }\ndashboard:\n  listen: "127.0.0.1:7000"\n';
    expect(wrong(text)).toBe(
      "tenk.yaml:4: dashboard.listen: expected an address of its own, 127.0.0.1:7000 is that of tcp.a.listen (line 2)",
    );
  });
});

const DECLARED = `domain: home.arpa
services: { git: "http://127.0.0.1:3000", cache: { target: "redis://127.0.0.1:6379", hosts: [cache.example] } }
tcp: { a: { listen: "127.0.0.1:0" } }
dashboard: { listen: "127.0.0.1:0" }
`;

test("tenk check lists services with what follows from their declaration, as JSON too", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "tenk.yaml");
    writeFileSync(file, DECLARED);
    const { stdout } = await tenk(["check", "--config", file]);
    expect(stdout).toMatch(/^ {2}services\.git\.target +http:\/\/127\.0\.0\.1:3000$/m);
    expect(stdout).toMatch(/^service +kind +target +hosts$/m);
    expect(stdout).toMatch(/^git +http +http:\/\/127\.0\.0\.1:3000 +git\.home\.arpa, git\.local, git\.localhost$/m);
    const json = JSON.parse((await tenk(["check", "--json", "--config", file])).stdout);
    expect(json.services).toEqual(services(DECLARED).map(publicService));
  });
});

test("/api/status lists services, those of the last reload", async () => {
  const instance = await up(parseConfig(DECLARED, "tenk.yaml"), { log: keptLog() });
  try {
    const told = async () => (await (await fetch(new URL("api/status", instance.statusUrl))).json()) as Status;
    expect((await told()).services).toEqual(services(DECLARED).map(publicService));
    await instance.reload(parseConfig(DECLARED.replace(/^services.*$/m, ""), "tenk.yaml"));
    expect((await told()).services).toEqual([]);
  } finally {
    await instance.stop(0);
  }
});

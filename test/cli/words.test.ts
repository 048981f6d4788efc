import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { tenk, withFolder } from "./tenk.ts";

describe("wrong words get one clear line and exit code 2", () => {
  test.each([
    [["upp"], "tenk: unknown command 'upp' (Did you mean up?)"],
    [["reverse-proxy"], "tenk: unknown command 'reverse-proxy' (tenk --help lists the commands)"],
    [
      ["up", "a.yaml"],
      "tenk: too many arguments for 'up'. Expected 0 arguments but got 1 (did you mean --config a.yaml?)",
    ],
    [["up", "--lisen", "7000"], "tenk: unknown option '--lisen' (Did you mean --listen?)"],
    [["up", "--listen", "here:there"], 'tenk: --listen: Cannot read "here:there" as an address: expected'],
    [["up", "--listen"], "tenk: option '--listen <address>' argument missing"],
    [["up", "--workers", "0"], 'tenk: --workers: Cannot use "0": expected auto or a number from 1 to 256'],
    [
      ["up", "--handler", "sunk"],
      'tenk: --handler: Cannot use "sunk": expected sink, echo or a file such as ./chat.ts',
    ],
    [
      ["up", "--config", "/nowhere/tenk.yaml"],
      "tenk: Cannot read the configuration /nowhere/tenk.yaml: there is no such file",
    ],
    [["up", "--config", "a", "--listen", "1"], "tenk: --config cannot be used with --listen"],
    [["up", "--dump-filter", "10.0.0.1"], "tenk: --dump-filter needs --dump text or --dump hex"],
    [["up", "--dump", "txt"], 'tenk: --dump: Cannot use "txt": expected one of text, hex'],
    [["run"], "tenk: missing required argument 'file'"],
    [["run", "/nowhere/chat.ts"], "tenk: Cannot read the handler /nowhere/chat.ts: there is no such file"],
    [["run", "a.ts", "--tls", "c.pem"], "tenk: --tls and --tls-key need each other"],
    [["run", "a.ts", "--limit", "conections=5"], 'tenk: --limit: Cannot use "conections=5": did you mean connections?'],
    [
      ["run", "a.ts", "--limit", "idle=soon"],
      'tenk: --limit idle: expected a duration such as 30s or 10ms, found "soon"\n',
    ],
    [["run", "a.ts", "--options", "{x}"], 'tenk: --options: Cannot read "{x}" as JSON'],
    [["runs", "--limit", "0"], 'tenk: --limit: Cannot use "0": expected 1 or more'],
    [["check", "more"], "tenk: too many arguments for 'check'. Expected 0 arguments but got 1 (see tenk check --help)"],
    [["status", "--url", "127.0.0.1"], 'tenk: --url: Cannot read "127.0.0.1" as an address: expected http://host:port'],
  ])("tenk %j", async (words, line) => {
    const { code, stdout, stderr } = await tenk(words);
    expect(stderr).toStartWith(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("a bad configuration names file, line, key, expected and found", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "tenk.yaml"), "tcp:\n  packets:\n    listen: 1\n    limits: { idle: ten }\n");
      const { code, stderr } = await tenk(["check"], { cwd: folder });
      expect(stderr).toStartWith(
        'tenk: tenk.yaml:4: tcp.packets.limits.idle: expected a duration such as 30s or 10ms, found "ten"',
      );
      expect(code).toBe(2);
    });
  });

  test.each([
    ["handler: ./chat.ts", "tenk: Cannot read the handler chat.ts: there is no such file"],
    ["tls: { cert: c.pem, key: c.pem }", "tenk: Cannot read cert from "],
    ["handler: relay, relay: { targets: [a:1, a:1] }", "tenk: Cannot relay to a:1 twice"],
    [
      "handler: relay, relay: { targets: [a:1, 1] }",
      "tenk: Cannot relay to 127.0.0.1:1: that is where it listens itself",
    ],
  ])("tenk check sees what only starting would show: %s", async (words, line) => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "tenk.yaml"), `tcp: { a: { listen: 1, ${words} } }\n`);
      const { code, stderr, stdout } = await tenk(["check"], { cwd: folder });
      expect(stderr).toStartWith(line);
      expect([code, stdout]).toEqual([2, ""]);
    });
  });

  test("a port in use names who holds it", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    const { code, stderr } = await tenk([
      "up",
      "--listen",
      `127.0.0.1:${port}`,
      "--dashboard",
      "127.0.0.1:0",
      "--log-level",
      "error",
    ]);
    expect(stderr).toContain(`tenk: Cannot listen on 127.0.0.1:${port} for "packets": it is in use by`);
    expect(stderr).toContain(`(pid ${process.pid})`);
    expect(code).toBe(2);
    server.close();
  });

  test("no words at all get the help", async () => {
    const { code, stdout, stderr } = await tenk([]);
    expect(stderr).toContain("Usage: tenk");
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("help and version are results", () => {
  test.each([
    [["--help"], "tenk demo"],
    [["up", "--help"], "Examples:"],
    [["check", "--help"], "Examples:"],
    [["status", "--help"], "Examples:"],
    [["--version"], /^tenk 0\.1\.0 \((source|[0-9a-f]{7,}(-changed)?)\)\n$/],
  ])("tenk %j", async (words, part) => {
    const { code, stdout, stderr } = await tenk(words);
    expect(stdout).toMatch(part);
    expect([code, stderr]).toEqual([0, ""]);
  });
});

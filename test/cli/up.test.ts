import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Status } from "../../src/app/mod.ts";
import { listenersIn } from "../app/listeners-of.ts";
import { Client } from "./client.ts";
import { startTenk, tenk, withFolder } from "./tenk.ts";

const ANYWHERE = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];

interface Ready {
  pid: number;
  statusUrl: string;
  listeners: { name: string; host: string; port: number }[];
}

async function started(words: readonly string[], input: "pipe" | "ignore" = "ignore") {
  const program = startTenk(["up", "--json", ...words], { input });
  const [line] = await program.sees("stdout", /^.*\n/);
  return { ...program, ready: JSON.parse(line) as Ready };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", () => undefined); // the program under test may end before the socket does
  });
}

async function statusOf({ statusUrl }: Ready): Promise<Status> {
  return (await (await fetch(`${statusUrl}api/status`)).json()) as Status;
}

describe("tenk up", () => {
  test("tells where it listens as JSON, logs defaults in a line, and stops at Ctrl-C", async () => {
    const { child, ready, ended } = await started(ANYWHERE);
    expect(ready.listeners[0]).toMatchObject({ name: "packets", host: "127.0.0.1" });
    const socket = await connected(ready.listeners[0]!.port);
    socket.write("ping");
    const status = await statusOf(ready);
    expect(status.process.pid).toBe(child.pid!);
    expect(listenersIn(status)[0]?.counts.accepted).toBe(1);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}app defaults data\.history=true others=\d\d all="tenk check"$/m,
    );
    expect(stderr).not.toContain("backlog");
    expect(stderr).toMatch(/ INFO {2}tcp listening name=packets address=127\.0\.0\.1:\d+ handler=sink workers=1$/m);
    expect(stderr).toMatch(/ INFO {2}app stopped$/m);
    socket.destroy();
  });

  test("says of a listener that it is open on all interfaces, as a bare port is", async () => {
    const { child, ended } = await started(["--listen", "0", "--dashboard", "127.0.0.1:0"]);
    child.kill("SIGTERM");
    expect((await ended).stderr).toMatch(
      / tcp listening name=packets address=0\.0\.0\.0:\d+ .*workers=1 reach="all interfaces"$/m,
    );
  });

  test("logs every default, and what they are, at debug", async () => {
    const { child, ended } = await started([...ANYWHERE, "--log-level", "debug"]);
    child.kill("SIGTERM");
    const { stderr } = await ended;
    expect(stderr).toMatch(/ DEBUG app defaults of=tcp\.packets backlog=4096 .*stall=1m .*dump=off$/m);
    const short = / INFO {2}app defaults .*others=(\d+) /.exec(stderr)?.[1];
    const all = [...stderr.matchAll(/ DEBUG app defaults of=\S+ (.*)$/gm)].flatMap(([, each = ""]) => each.split(" "));
    // One, data.history, is in the short line by name.
    expect(all).toHaveLength(Number(short) + 1);
  });

  test("ends at once at the second Ctrl-C", async () => {
    const { child, ready, sees, ended } = await started(["--handler", "echo", ...ANYWHERE]);
    // A peer that never reads holds an echo open through the grace.
    const socket = await connected(ready.listeners[0]!.port);
    socket.pause();
    socket.write(Buffer.alloc(1 << 24));
    while (listenersIn(await statusOf(ready))[0]!.counts.writeQueueBytes === 0);
    child.kill("SIGINT");
    await sees("stderr", /stopping; Ctrl-C again ends at once/);
    // One that follows too soon is the same wish: a key that is held down.
    const held = setInterval(() => child.kill("SIGINT"), 20);
    expect((await ended).code).toBe(130);
    clearInterval(held);
    socket.destroy();
  });

  test("serves what its configuration says, in several event loops", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "tenk.yaml");
      writeFileSync(
        file,
        'tcp: { wide: { listen: "127.0.0.1:0", handler: echo, workers: 2 } }\ndashboard: { listen: "127.0.0.1:0" }\n',
      );
      const { child, ready, ended } = await started(["--config", file]);
      expect(ready.listeners[0]).toMatchObject({ name: "wide", workers: 2 });
      const socket = await connected(ready.listeners[0]!.port);
      const answer = new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(bytes.toString())));
      socket.write("hello");
      expect(await answer).toBe("hello");
      const asked = await tenk(["status", "--url", ready.statusUrl]);
      expect(asked.stdout).toMatch(/^wide +127\.0\.0\.1:\d+ +echo +2 +1 +1 +1 +5 B +5 B +0 B +0$/m);
      expect([asked.code, asked.stderr]).toEqual([0, ""]);
      socket.destroy();
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    });
  });

  test.each(["--auto-port", "--or-free"])("takes a free port with %s, and ends with its parent", async (option) => {
    const first = await started(ANYWHERE);
    const { port } = first.ready.listeners[0]!;
    const second = await started(
      ["--listen", `127.0.0.1:${port}`, "--dashboard", "127.0.0.1:0", option, "--with-parent"],
      "pipe",
    );
    expect(second.ready.listeners[0]!.port).not.toBe(port);
    second.child.kill("SIGINT"); // as a terminal sends it to the whole process group: only the parent decides
    second.child.stdin!.end();
    const { code, stderr } = await second.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`port in use, listening elsewhere name=packets port=${port} by=`);
    first.child.kill("SIGTERM");
    await first.ended;
  });
});

describe("a dump", () => {
  const answer = async (port: number, text: string) => {
    const client = await Client.to(port);
    expect(await client.ask(text)).toBe(text);
  };

  test("of every listener is asked for on the command line, in any number of event loops", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "tenk.yaml");
      const at = 'listen: "127.0.0.1:0"';
      writeFileSync(
        file,
        `tcp:\n  a: { ${at}, handler: echo, workers: 2 }\n  b: { ${at}, handler: echo }\ndashboard: { ${at} }\n`,
      );
      const { child, ready, sees, ended } = await started(["--config", file, "--dump", "hex"]);
      const port = (name: string) => ready.listeners.find((each) => each.name === name)!.port;
      await answer(port("a"), "one");
      await sees("stderr", / < 4 bytes\n.*6f6e 650a/);
      await answer(port("b"), "two");
      await sees("stderr", / > 4 bytes\n.*7477 6f0a/);
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    });
  });

  test("of one listener, and of one client, is asked for in the file", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "tenk.yaml");
      const at = 'listen: "127.0.0.1:0", handler: echo';
      const filtered = `  b: { ${at}, dump: text, dumpFilter: [192.0.2.1] }\n  c: { ${at}, dump: text, dumpFilter: [127.0.0.1] }\n`;
      writeFileSync(file, `tcp:\n  a: { ${at} }\n${filtered}dashboard: { listen: "127.0.0.1:0" }\n`);
      const { child, ready, ended } = await started(["--config", file]);
      for (const [index, text] of ["silent", "foreign", "shown"].entries())
        await answer(ready.listeners[index]!.port, text);
      child.kill("SIGTERM");
      const { stderr } = await ended;
      expect(stderr).toContain("bytes shown");
      expect(stderr).not.toMatch(/bytes (silent|foreign)/);
    });
  });
});

describe("tenk check", () => {
  test("prints every setting in force and which were defaulted", async () => {
    await withFolder(async (folder) => {
      writeFileSync(
        join(folder, "tenk.yaml"),
        `tcp: { a: { listen: 7001 } }\npush: { labels: { site: ${"x".repeat(90)} } }\n`,
      );
      const { code, stdout, stderr } = await tenk(["check"], { cwd: folder });
      expect(stdout).toStartWith("tenk.yaml is valid\n");
      expect(stdout).toMatch(/^ {2}tcp\.a\.listen +0\.0\.0\.0:7001$/m);
      expect(stdout).toMatch(/^ {2}tcp\.a\.writeQueue\.max +1MiB {1,60}default$/m);
      expect([code, stderr]).toEqual([0, ""]);
      const json = JSON.parse((await tenk(["check", "--json"], { cwd: folder })).stdout);
      expect(json.settings).toContainEqual({ key: "tcp.a.handler", value: "sink", defaulted: true });
    });
  });
});

test("tenk status says when no instance is there, and exits 1", async () => {
  const { code, stdout, stderr } = await tenk(["status", "--url", "http://127.0.0.1:1"]);
  expect(stderr).toStartWith("tenk: Cannot ask http://127.0.0.1:1/ for its status: nothing listens there (");
  expect([code, stdout]).toEqual([1, ""]);
});

test("--dump beside a file without TCP listeners is a usage error", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "tenk.yaml"), "services: { git: http://127.0.0.1:3000 }\n");
    const { code, stderr } = await tenk(["up", "--dump", "text"], { cwd: folder });
    expect(stderr).toBe("tenk: --dump prints what TCP listeners carry, and tenk.yaml has no tcp: section\n");
    expect(code).toBe(2);
  });
});

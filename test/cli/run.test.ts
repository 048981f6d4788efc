import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Client } from "./client.ts";
import { startTenk, type Tenk, tenk, withFolder } from "./tenk.ts";

const ANYWHERE = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json"];

/** A handler that answers each line with its version; `tenk` is imported by it and by what it imports. */
function answering(version: string): string {
  return `import { lines, type Handler } from "tenk";
import { say } from "./words.ts";

interface Options {
  name?: string;
}

export default (options?: Options): Handler => ({
  framing: lines(),
  frame(connection, line) {
    const text: string = new TextDecoder().decode(line);
    if (text === "throw") throw new Error("no such room");
    connection.write(\`${version} \${say} \${options?.name ?? "-"} \${text}\\n\`);
  },
});
`;
}

/** The line of \`answering\` that throws. */
const THROWING_LINE = 12;

async function withRunning(
  words: readonly string[],
  work: (program: Tenk, port: number, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "chat.ts"), answering("one"));
    writeFileSync(
      join(folder, "words.ts"),
      'import { delimiter } from "tenk";\nexport const say = typeof delimiter;\n',
    );
    const program = startTenk(["run", "chat.ts", ...ANYWHERE, ...words], { cwd: folder });
    try {
      const [line] = await program.sees("stdout", /^\{.*\n/);
      await work(program, JSON.parse(line).listeners[0].port, folder);
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
  });
}

/** As editors save: another file takes the name. */
function save(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, `${name}.part`), text);
  renameSync(join(folder, `${name}.part`), join(folder, name));
}

describe("tenk run", () => {
  test.each([["1"], ["2"]])(
    "serves a file in %s event loop(s) and loads it again when it is saved",
    async (workers) => {
      await withRunning(["--workers", workers, "--options", '{"name":"hall"}'], async (program, port, folder) => {
        const old = await Client.to(port);
        expect(await old.ask("a")).toBe("one function hall a");

        save(folder, "chat.ts", answering("two"));
        await program.sees("stderr", /handler reloaded name=run handler=\S*chat\.ts before=1\n/);
        const middle = await Client.to(port);
        expect(await middle.ask("b")).toBe("two function hall b");

        save(folder, "words.ts", 'export const say = "said";\n');
        await program.sees("stderr", /handler reloaded .* before=2\n/);
        expect(await (await Client.to(port)).ask("c")).toBe("two said hall c");
        // Who came before has what was served then.
        expect(await middle.ask("d")).toBe("two function hall d");
        expect(await old.ask("e")).toBe("one function hall e");
      });
    },
  );

  test("says that options are not used where the file exports no function to give them to", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "plain.ts"), "export default { chunk() {} };\n");
      const program = startTenk(["run", "plain.ts", ...ANYWHERE, "--options", "{}"], { cwd: folder });
      try {
        await program.sees("stderr", /WARN {2}net options not used: [^\n]* handler=\S*plain\.ts hint=/);
      } finally {
        program.child.kill("SIGTERM");
        await program.ended;
      }
    });
  });

  test.each([["1"], ["2"]])("shows what is wrong in its lines, and serves on, in %s event loop(s)", async (workers) => {
    await withRunning(["--workers", workers], async (program, port, folder) => {
      save(folder, "words.ts", "export const say = 5;\nexport const more = ;\n");
      await program.sees(
        "stderr",
        /ERROR tcp handler of run not reloaded, the previous version stays in use\nCannot load \S*words\.ts: Unexpected ;\nwords\.ts:2:21\n {2}1 \| export const say = 5;\n> 2 \| export const more = ;\n {4}\| {21}\^/,
      );
      expect(await (await Client.to(port)).ask("a")).toBe("one function - a");
      save(folder, "words.ts", 'export const say: string = "";\nthrow new Error("not today");\n');
      await program.sees("stderr", /Cannot load chat\.ts: not today\nwords\.ts:2:\d+\n/);
      expect(await (await Client.to(port)).ask("b")).toBe("one function - b");
      save(folder, "words.ts", 'import { gone } from "./later.ts";\nexport const say = gone;\n');
      await program.sees("stderr", /Cannot find module '\.\/later\.ts'/);
      // The file that it waited for.
      save(folder, "later.ts", 'export const gone = "late";\n');
      await program.sees("stderr", /handler reloaded /);
      expect(await (await Client.to(port)).ask("c")).toBe("one late - c");
      save(folder, "later.ts", "export const gone = ;\n");
      await program.sees("stderr", /later\.ts:1:\d+/);
      // Undone: what is served never changed, and who looks at the error is told that it is over.
      save(folder, "later.ts", 'export const gone = "late";\n');
      await program.sees("stderr", /INFO {2}tcp handler is back to the version in use name=run\n/);
    });
  });

  test.each([["1"], ["2"]])("logs what a handler throws with its line, in %s event loop(s)", async (workers) => {
    await withRunning(["--workers", workers], async (program, port) => {
      (await Client.to(port)).socket.write("throw\n");
      const line = new RegExp(
        `handler failed\\S* .*error="no such room" file=chat\\.ts line=${THROWING_LINE} column=\\d+`,
      );
      await program.sees("stderr", line);
    });
  });

  test.each([["1"], ["2"]])(
    "dumps what goes through, in %s event loop(s), old and new handlers alike",
    async (workers) => {
      await withRunning(
        ["--workers", workers, "--dump", "text", "--dump-filter", "127.0.0.0/8"],
        async (program, port, folder) => {
          await (await Client.to(port)).ask("hello");
          await program.sees("stderr", /127\.0\.0\.1:\d+ < \d+ bytes hello\\n\n/);
          await program.sees("stderr", /127\.0\.0\.1:\d+ > \d+ bytes one function - hello\\n\n/);
          save(folder, "chat.ts", answering("two"));
          await program.sees("stderr", /handler reloaded /);
          await (await Client.to(port)).ask("again");
          await program.sees("stderr", /127\.0\.0\.1:\d+ > \d+ bytes two function - again\\n\n/);
        },
      );
    },
  );

  test("serves TLS and keeps the limits it is given", async () => {
    const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `localhost-${name}.pem`);
    const words = [
      "--tls",
      fixture("cert"),
      "--tls-key",
      fixture("key"),
      "--limit",
      "connections=1",
      "--limit",
      "idle=1h",
    ];
    await withRunning(words, async (program, port) => {
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
      const answer = new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(String(bytes))));
      socket.write("secret\n");
      expect(await answer).toBe("one function - secret\n");
      connectTls({ port, host: "127.0.0.1" }).on("error", () => undefined);
      await program.sees("stderr", /connection rejected name=run reason=connections count=1\n/);
      socket.destroy();
    });
  });

  test("leaves a saved file alone with --no-watch, until SIGHUP", async () => {
    await withRunning(["--no-watch"], async (program, port, folder) => {
      save(folder, "chat.ts", answering("two"));
      expect(await (await Client.to(port)).ask("a")).toBe("one function - a");
      program.child.kill("SIGHUP");
      await program.sees("stderr", / reloaded /);
      expect(await (await Client.to(port)).ask("b")).toBe("two function - b");
    });
  });

  test("takes a free port where the usual one is in use, but not instead of one that was asked for", async () => {
    await withRunning([], async (_, port, folder) => {
      const { code, stderr } = await tenk(["run", "chat.ts", "--listen", `127.0.0.1:${port}`], { cwd: folder });
      expect(stderr).toContain(`tenk: Cannot listen on 127.0.0.1:${port} for "run": it is in use`);
      expect(code).toBe(2);
    });
  });

  test.each([
    ["export const chat = {};", /^tenk: Cannot use \S*chat\.ts as a handler: it has no default export \(/],
    // Its timer, and its listener, must not keep the command up.
    [
      "setInterval(() => {}, 1000);\nBun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });",
      /program of its own/,
    ],
    ["export default { chunks() {} };", /a handler has no chunks, did you mean chunk\?\nchat\.ts:1:18\n/],
    ["export default {\n  chunk(connection: {\n};", /^tenk: Cannot load chat\.ts: .*\nchat\.ts:3:\d+\n/],
    [
      'import { liste } from "tenk";\nexport default { open: liste };',
      /\nchat\.ts:1:10\n(?:.*\n)*.*\(did you mean listen\?\)/,
    ],
  ])("refuses %j", async (text, said) => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "chat.ts"), text);
      const { code, stderr } = await tenk(["run", "chat.ts", ...ANYWHERE], { cwd: folder });
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    });
  });
});

describe("tenk run --init", () => {
  const TSC = join(import.meta.dirname, "../../node_modules/.bin/tsc");

  test("writes a handler that runs, with types that see a mistake, and overwrites nothing", async () => {
    await withFolder(async (folder) => {
      const first = await tenk(["run", "--init", "room/chat.ts"], { cwd: folder });
      expect([first.code, first.stderr]).toEqual([0, ""]);
      expect(first.stdout).toContain("wrote room/chat.ts\n");
      expect(first.stdout).toEndWith("now: tenk run room/chat.ts\n");
      const room = join(folder, "room");
      const check = () => spawnSync(TSC, ["-p", room, "--pretty", "false"], { encoding: "utf8" }).stdout;
      expect(check()).toBe("");

      const text = readFileSync(join(room, "chat.ts"), "utf8");
      writeFileSync(join(room, "chat.ts"), text.replace('subscribe("room")', "subscribe(5)"));
      expect(check()).toContain("Argument of type 'number' is not assignable to parameter of type 'string'");

      writeFileSync(join(room, "tsconfig.json"), "{}");
      const second = await tenk(["run", "--init", "room/chat.ts"], { cwd: folder });
      expect(second.stdout).toContain("kept room/chat.ts, which was there\nkept room/tsconfig.json, which was there\n");
      expect(readFileSync(join(room, "tsconfig.json"), "utf8")).toBe("{}");

      writeFileSync(join(room, "chat.ts"), text);
      const program = startTenk(["run", "room/chat.ts", ...ANYWHERE], { cwd: folder });
      const { port } = JSON.parse((await program.sees("stdout", /^\{.*\n/))[0]).listeners[0];
      const [one, two] = [await Client.to(port), await Client.to(port)];
      one.socket.write("hello\n");
      expect(await two.next()).toMatch(/^\d+: hello$/);
      program.child.kill("SIGTERM");
      expect((await program.ended).code).toBe(0);
    });
  });

  test("knows the names of Node's modules and globals, until the types of Node take their place", async () => {
    await withFolder(async (folder) => {
      await tenk(["run", "--init", "chat.ts"], { cwd: folder });
      const check = () => spawnSync(TSC, ["-p", folder, "--pretty", "false"], { encoding: "utf8" }).stdout;
      const uses = `import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type Handler, counter } from "tenk";
const seen = counter("seen_total", readFileSync(import.meta.dir + "/help", "utf8"));
const web = createServer();
process.once("SIGTERM", () => web.close());
export default { chunk: (connection, bytes) => (seen.inc(), connection.write(Buffer.from(bytes))) } satisfies Handler;
`;
      writeFileSync(join(folder, "chat.ts"), uses);
      expect(check()).toBe("");

      const mistake = uses.replace('import.meta.dir + "/help"', "{}");
      writeFileSync(join(folder, "chat.ts"), mistake);
      expect(check()).toBe("");
      rmSync(join(folder, "node_modules/@types/node"), { recursive: true });
      for (const name of ["@types/node", "undici-types"])
        symlinkSync(join(TSC, "../..", name), join(folder, "node_modules", name));
      expect(check()).toContain("Argument of type '{}' is not assignable to parameter of type 'PathOrFileDescriptor'");
      const again = await tenk(["run", "--init", "more.ts"], { cwd: folder });
      expect(again.stdout).not.toContain("@types");
    });
  });

  test("needs nothing but the handler in a checkout of tenk", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "package.json"), '{ "name": "tenk" }');
      for (const name of ["mine", "src"]) mkdirSync(join(folder, name));
      writeFileSync(join(folder, "src/mod.ts"), "");
      const { stdout } = await tenk(["run", "--init", "mine/chat.ts"], { cwd: folder });
      expect(stdout).toBe("wrote mine/chat.ts\ntypes: those of this checkout\nnow: tenk run mine/chat.ts\n");
    });
  });
});

/** `tenk upgrade` with real programs: each test begins with an installed one that serves. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, hammer } from "../net/inherit/clients.ts";
import { freePort } from "../net/support.ts";
import { EXECUTABLE, keepingIn, withFolder } from "./tenk.ts";

const hasExecutable = EXECUTABLE !== undefined;
if (!hasExecutable)
  test.skipIf(process.env.CI !== "true")("tenk upgrade: needs the executable that npm test builds", () => {
    throw new Error("npm test has built no executable");
  });

/** An ELF program that passes every check before it is to serve, and then does what `serving` says. */
function builtProgram(folder: string, serving: string): string {
  const source = join(folder, "broken.ts");
  writeFileSync(
    source,
    `const [word] = process.argv.slice(2); if (word === "up") { ${serving} } else console.log("9.9.9");`,
  );
  const file = join(folder, "tenk-9.9.9");
  const words = ["build", "--compile", source, "--outfile", file];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", cwd: folder });
  if (status !== 0) throw new Error(stderr);
  return file;
}

interface Installed {
  readonly folder: string;
  readonly program: string;
  readonly port: number;
  /** Of the process that serves now. */
  pid(): Promise<number>;
  /** Upgrades under connects, none of which may fail. */
  upgrade(file: string): Promise<{ code: number | null; stderr: string; failures: readonly string[] }>;
}

function withInstalled(work: (installed: Installed) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const [port, page] = [await freePort(), await freePort()];
    const program = join(folder, "tenk");
    copyFileSync(EXECUTABLE!, program);
    writeFileSync(
      join(folder, "tenk.yaml"),
      `tcp: { packets: { listen: "127.0.0.1:${port}", handler: echo } }
dashboard: { listen: "127.0.0.1:${page}" }
containers: off
data: { folder: ./data, history: false }
upgrade: { timeout: 5s, drain: 5s }
`,
    );
    const env = keepingIn(folder);
    const url = `http://127.0.0.1:${page}/`;
    const child = Bun.spawn([program, "up"], { cwd: folder, env, stdio: ["ignore", "ignore", "ignore"] });
    const status = async () => (await (await fetch(`${url}api/status`)).json()) as { process: { pid: number } };
    const pid = async () => (await status()).process.pid;
    try {
      for (;;) {
        const isUp = await pid().catch(() => undefined);
        if (isUp !== undefined) break;
        if (child.exitCode !== null) throw new Error(`tenk ended with ${child.exitCode}`);
        await Bun.sleep(50);
      }
      await work({
        folder,
        program,
        port,
        pid,
        async upgrade(file) {
          const over = new AbortController();
          const clients = [hammer({ port }, over.signal), hammer({ port }, over.signal)];
          const run = Bun.spawn([program, "upgrade", file, "--url", url], {
            cwd: folder,
            env,
            stdio: ["ignore", "ignore", "pipe"],
          });
          const stderr = await new Response(run.stderr).text();
          const code = await run.exited;
          over.abort();
          const failures = (await Promise.all(clients)).flatMap((each) => each.failures);
          return { code, stderr, failures };
        },
      });
    } finally {
      const last = await pid().catch(() => undefined);
      if (last !== undefined) process.kill(last, "SIGKILL");
      child.kill("SIGKILL");
      await child.exited;
    }
  });
}

const digest = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

test.if(hasExecutable)(
  "a good program takes over, and nobody is refused or reset",
  () =>
    withInstalled(async ({ folder, program, pid, upgrade }) => {
      const next = join(folder, "next");
      copyFileSync(EXECUTABLE!, next);
      const before = await pid();
      const { ino } = statSync(program);
      const { code, stderr, failures } = await upgrade(next);
      expect({ code, failures }, stderr).toEqual({ code: 0, failures: [] });
      expect(await pid()).not.toBe(before);
      expect(statSync(program).ino).not.toBe(ino);
      expect(statSync(`${program}.previous`).ino).toBe(ino);
    }),
  60_000,
);

test.if(hasExecutable).each([
  ["ends at once", "console.error('a library is missing'); process.exit(3);", /library is missing|ended|3/],
  ["hangs", "for (;;);", /5 ?s|time|answer/],
])(
  "a program that %s as it is to serve is taken back, and nobody is refused or reset",
  (_, serving, reason) =>
    withInstalled(async ({ folder, program, port, pid, upgrade }) => {
      const before = await pid();
      const { ino } = statSync(program);
      const { code, stderr, failures } = await upgrade(builtProgram(folder, serving));
      expect({ code, failures }, stderr).toEqual({ code: 1, failures: [] });
      expect(stderr).toMatch(reason);
      expect(await pid()).toBe(before);
      expect(statSync(program).ino).toBe(ino);
      expect(existsSync(`${program}.new`)).toBe(false);
      expect(await ask({ port })).toBe("?");
    }),
  60_000,
);

test.if(hasExecutable)(
  "a version file is fetched by URL and checked by its digest before anything runs",
  () =>
    withInstalled(async ({ folder, program, pid, upgrade }) => {
      using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(Bun.file(EXECUTABLE!)) });
      const file = join(folder, "version.json");
      const describe = (sha256: string) =>
        writeFileSync(
          file,
          JSON.stringify({
            version: "9.9.9",
            files: { [process.arch]: { url: `http://127.0.0.1:${server.port}/tenk`, sha256 } },
          }),
        );
      const { ino } = statSync(program);
      describe("0".repeat(64));
      const wrong = await upgrade(file);
      expect({ code: wrong.code, failures: wrong.failures }, wrong.stderr).toEqual({ code: 2, failures: [] });
      expect(statSync(program).ino).toBe(ino);
      expect(existsSync(`${program}.new`)).toBe(false);
      const before = await pid();
      describe(digest(EXECUTABLE!));
      const right = await upgrade(file);
      expect({ code: right.code, failures: right.failures }, right.stderr).toEqual({ code: 0, failures: [] });
      expect(await pid()).not.toBe(before);
    }),
  60_000,
);

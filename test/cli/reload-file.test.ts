import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasOffline, OFFLINE } from "../metrics/namespaced.ts";
import { Client } from "./client.ts";
import { startTenk, type Tenk, withFolder } from "./tenk.ts";

const REST = 'dashboard: { listen: "127.0.0.1:0" }\n';
const CONFIG = `tcp: { a: { listen: "127.0.0.1:0", handler: echo } }\n${REST}`;

/** `tenk up` in a folder whose `tenk.yaml` it finds by itself, or does not. */
async function withUp(
  text: string | undefined,
  words: readonly string[],
  work: (box: Tenk & { file: string; port: number; reload(): Promise<string> }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const file = join(folder, "tenk.yaml");
    if (text !== undefined) writeFileSync(file, text);
    const wrapped = words.includes("--listen") || text !== undefined ? {} : { wrapped: OFFLINE };
    const program = startTenk(["up", "--json", ...words], { cwd: folder, ...wrapped });
    let logged = "";
    program.child.stderr!.on("data", (part: string) => {
      logged += part;
    });
    async function reload(): Promise<string> {
      const from = logged.length;
      program.child.kill("SIGHUP");
      // The lines behind the first one, its reason, come in the same write.
      while (!/ reloaded| reload failed,.*\n.*\n/.test(logged.slice(from)))
        await new Promise((resolve) => program.child.stderr!.once("data", resolve));
      return logged.slice(from);
    }
    try {
      const [line] = await program.sees("stdout", /^\{.*\n/);
      await work({ ...program, file, port: JSON.parse(line).listeners[0].port, reload });
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
  });
}

describe("an instance that began with a file", () => {
  const spoils: readonly [string, (file: string) => void, string][] = [
    ["is gone", (file) => rmSync(file), "Cannot read the configuration tenk.yaml: there is no such file"],
    ["has no text", (file) => writeFileSync(file, ""), "tenk.yaml: expected settings, found none"],
    [
      "has comments alone",
      (file) => writeFileSync(file, "# tcp:\n\n---\n  # later\n"),
      "tenk.yaml: expected settings, found none",
    ],
    [
      "is a folder",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      "Cannot read the configuration tenk.yaml: it is a directory",
    ],
  ];

  for (const words of [[], ["--config", "tenk.yaml"]]) {
    test.each(spoils)(
      `keeps what it serves when the ${words[0] ?? "usual file"} %s, and says why`,
      async (_, spoil, why) => {
        await withUp(CONFIG, words, async ({ file, port, reload }) => {
          const before = await Client.to(port);
          spoil(file);
          const said = await reload();
          expect(said).toContain("reload failed, nothing has changed\n");
          expect(said).toContain(why);
          expect(said).not.toContain("every setting has its default value");
          expect(said).not.toMatch(/listener (stopping|started)/);
          expect(await before.ask("x")).toBe("x");
          expect(await (await Client.to(port)).ask("y")).toBe("y");

          rmSync(file, { recursive: true, force: true });
          writeFileSync(`${file}.new`, CONFIG.replace("echo }", "echo, limits: { idle: 1h } }"));
          renameSync(`${file}.new`, file);
          expect(await reload()).toContain("listener changed name=a changed=limits");
        });
      },
    );
  }
});

test.if(hasOffline())("an empty file at the first start means the defaults, with a warning", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "tenk.yaml"), "# nothing yet\n");
    const { child, sees, ended } = startTenk(["up", "--json", "--auto-port"], { cwd: folder, wrapped: OFFLINE });
    await sees("stdout", /"handler":"sink"/);
    await sees("stderr", /WARN {2}cli configuration is empty, all settings are defaults file=tenk\.yaml\n/);
    child.kill("SIGTERM");
    await ended;
  });
});

describe("an instance that began without a file", () => {
  const ANYWHERE = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];

  test.if(hasOffline())("takes one that it finds at a reload, says so, and keeps to it", async () => {
    await withUp(undefined, ["--auto-port"], async ({ file, reload, sees }) => {
      expect(await reload()).not.toContain("found");
      writeFileSync(file, CONFIG);
      expect(await reload()).toContain("listener started name=a ");
      await sees("stderr", /configuration file found, used from now on file=tenk\.yaml\n/);
      rmSync(file);
      expect(await reload()).toContain("reload failed, nothing has changed\nCannot read the configuration tenk.yaml");
    });
  });

  test("that was described in words looks at no file", async () => {
    await withUp(undefined, ANYWHERE, async ({ file, port, reload }) => {
      writeFileSync(file, CONFIG);
      expect(await reload()).toContain("reloaded");
      const client = await Client.to(port);
      client.socket.destroy();
    });
  });
});

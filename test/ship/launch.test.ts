import { afterEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInstalled } from "../../scripts/install.mjs";
import { platformPackages } from "../../scripts/runtime.mjs";

const ROOT = join(import.meta.dirname, "../..");
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe("isInstalled", () => {
  const lock = packages({
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/t": { version: "2.0.0", dev: true },
  });
  const cases: [what: string, found: Record<string, object>, withDevelopment: boolean, expected: boolean][] = [
    ["all is there", { "node_modules/a": { version: "1.0.0" }, "node_modules/t": { version: "2.0.0" } }, true, true],
    ["one is of another version", { "node_modules/a": { version: "0.9.0" } }, false, false],
    ["one is missing", {}, false, false],
    ["what only tests need is missing, and not needed", { "node_modules/a": { version: "1.0.0" } }, false, true],
    ["what only tests need is missing, and needed", { "node_modules/a": { version: "1.0.0" } }, true, false],
  ];
  test.each(cases)("when %s", (_, found, withDevelopment, expected) => {
    expect(isInstalled(lock, packages(found), { withDevelopment })).toBe(expected);
  });

  test("a package for another platform may be missing, but not be of another version", () => {
    const wanted = packages({ "node_modules/m": { version: "1.4.5", optional: true } });
    expect(isInstalled(wanted, packages({}), { withDevelopment: true })).toBe(true);
    expect(isInstalled(wanted, packages({ "node_modules/m": { version: "1.4.4" } }), { withDevelopment: true })).toBe(
      false,
    );
  });
});

test("the lock file names Bun's package for every machine tenk is meant for", () => {
  const locked = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  for (const platform of ["linux", "darwin"]) {
    for (const arch of ["x64", "arm64"]) {
      const names = platformPackages({ platform, arch });
      expect(names.length).toBe(platform === "linux" ? 2 : 1);
      for (const name of names) expect(locked[`node_modules/${name}`]?.integrity).toStartWith("sha512-");
    }
  }
  expect(platformPackages({ platform: "sunos", arch: "sparc" })).toEqual([]);
});

test("npm's shell makes way for the launcher: a shell that waits for it keeps npm's SIGTERM to itself", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const words of Object.values(scripts)) expect(words).toStartWith("exec node scripts/launch.mjs");
});

describe("the launcher", () => {
  test("passes words, standard output and the exit code through", async () => {
    const folder = project("console.log(JSON.stringify(process.argv.slice(2))); process.exit(7);");
    const { code, stdout, stderr } = await ended(launch(folder, ["load", "--json", "-", "a b"]));
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '["load","--json","-","a b"]\n', stderr: "" });
  });

  test("passes a signal on once, and ends with the child's own exit code", async () => {
    const program = `let count = 0;
      process.on("SIGTERM", () => { count += 1; setTimeout(() => process.exit(40 + count), 100); });
      setInterval(() => {}, 1000); console.log("ready");`;
    const child = launch(project(program), []);
    await once(child.stdout!, "data");
    child.kill("SIGTERM");
    expect((await ended(child)).code).toBe(41);
  });

  test("ends by the signal that ended the child", async () => {
    const child = launch(project(`process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);`), []);
    expect((await ended(child)).signal).toBe("SIGKILL");
  });

  test("reads neither .env nor bunfig.toml of the folder it is started from", async () => {
    const folder = project("console.log(process.env.SURPRISE ?? 'none');");
    const elsewhere = temporary();
    writeFileSync(join(elsewhere, ".env"), "SURPRISE=read");
    writeFileSync(join(elsewhere, "bunfig.toml"), 'preload = ["./missing.ts"]');
    expect((await ended(launch(folder, [], { cwd: elsewhere }))).stdout).toBe("none\n");
  });

  test("installs with npm when something is missing, says so in one line, and not again", async () => {
    const folder = project("console.log('ran');", { isInstalled: false });
    const first = await ended(launch(folder, [], { env: { npm_execpath: standInForNpm(folder) } }));
    expect(first.stderr).toMatch(/^tenk: installing dependencies … done in \d+\.\d s\n$/);
    expect(first.stdout).toBe("ran\n");
    expect(readFileSync(join(folder, "npm-words"), "utf8")).toContain('"ci","--ignore-scripts"');
    const second = await ended(launch(folder, []));
    expect(second).toEqual({ code: 0, signal: null, stdout: "ran\n", stderr: "" });
  });

  test("leaves the packages of another work tree alone, which a linked node_modules leads to", async () => {
    const folder = project("console.log('ran');", { isInstalled: false });
    const others = temporary();
    writeFileSync(join(others, "package-of-another"), "");
    symlinkSync(others, join(folder, "node_modules"));
    const { stdout } = await ended(launch(folder, [], { env: { npm_execpath: standInForNpm(folder) } }));
    expect(stdout).toBe("ran\n");
    expect(readdirSync(others)).toEqual(["package-of-another"]);
  });

  test("says what npm said when it cannot install", async () => {
    const folder = project("", { isInstalled: false });
    const npm = join(folder, "npm-cli.cjs");
    writeFileSync(npm, "console.error('npm error no network'); process.exit(1);");
    const { code, stderr } = await ended(launch(folder, [], { env: { npm_execpath: npm } }));
    expect(code).toBe(1);
    expect(stderr).toContain("Cannot install the dependencies");
    expect(stderr).toContain("npm error no network");
  });
});

function packages(of: Record<string, object>): string {
  return JSON.stringify({ packages: of });
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-ship-"));
  folders.push(folder);
  return folder;
}

/** A folder with the real launcher, lock file and dependencies, whose program is `main`. */
function project(main: string, options: { isInstalled: boolean } = { isInstalled: true }): string {
  const folder = temporary();
  cpSync(join(ROOT, "scripts"), join(folder, "scripts"), { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/main.ts"), main);
  if (options.isInstalled) symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Notes its words and lays the real dependencies where npm would. */
function standInForNpm(folder: string): string {
  const path = join(folder, "npm-cli.cjs");
  const quoted = (...parts: string[]) => JSON.stringify(join(...parts));
  writeFileSync(
    path,
    `const fs = require("node:fs");
    fs.writeFileSync(${quoted(folder, "npm-words")}, JSON.stringify(process.argv));
    fs.symlinkSync(${quoted(ROOT, "node_modules")}, ${quoted(folder, "node_modules")});`,
  );
  return path;
}

function launch(folder: string, words: string[], options: { cwd?: string; env?: object } = {}): ChildProcess {
  // By Node, as npm does; where there is none, by Bun, which the launcher supports too.
  const file = Bun.which("node") ?? process.execPath;
  return spawn(file, [join(folder, "scripts/launch.mjs"), ...words], {
    cwd: options.cwd ?? folder,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess) {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk) => (stdout += chunk));
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  const [code, signal] = await once(child, "close");
  return { code, signal, stdout, stderr };
}

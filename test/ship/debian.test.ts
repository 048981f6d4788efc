import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tar } from "../../scripts/debian/archive.ts";
import { debianVersion, debPackage } from "../../scripts/debian/package.ts";

const PROGRAM = Buffer.from("#!/bin/sh\necho odd\n");
const SCRIPTS = ["postinst", "prerm", "postrm"];
const options = { program: PROGRAM, architecture: "arm64", version: "1.2.3-rc.1", atSeconds: 1_700_000_001 } as const;
const hasDpkg = Bun.which("dpkg-deb") !== null;

const folder = mkdtempSync(join(tmpdir(), "tenk-deb-"));
const file = join(folder, "tenk.deb");
beforeAll(async () => writeFileSync(file, await debPackage(options)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the same input gives the same bytes", async () => {
  expect((await debPackage(options)).equals(readFileSync(file))).toBe(true);
});

test("a Debian package of a release candidate is older than the release", () => {
  expect(debianVersion("1.2.3-rc.1")).toBe("1.2.3~rc.1");
  expect(debianVersion("1.2.3")).toBe("1.2.3");
});

test("a path that a tar header has no room for is refused", () => {
  const path = `usr/${"long".repeat(30)}`;
  expect(() => tar([{ path, mode: 0o644, content: Buffer.alloc(0) }], 0)).toThrow("more than the 100 bytes");
});

describe.if(hasDpkg)("dpkg-deb", () => {
  test("reads the fields of the package", () => {
    const fields = run("dpkg-deb", "--field", file);
    expect(fields).toContain("Version: 1.2.3~rc.1\n");
    expect(fields).toContain("Architecture: arm64\n");
    expect(fields).not.toMatch(/@[A-Z]+@/);
  });

  test("unpacks every file with its mode, the time and the checksum that the package says", () => {
    const [root, control] = [join(folder, "root"), join(folder, "control")];
    run("dpkg-deb", "--extract", file, root);
    run("dpkg-deb", "--control", file, control);
    expect(readFileSync(join(root, "usr/bin/tenk")).equals(PROGRAM)).toBe(true);
    const { mode, mtimeMs } = statSync(join(root, "usr/bin/tenk"));
    expect([mode & 0o7777, mtimeMs / 1000]).toEqual([0o755, options.atSeconds]);
    expect(statSync(join(root, "etc/tenk/tenk.yaml")).mode & 0o7777).toBe(0o644);
    run("sh", "-c", `cd ${root} && md5sum --check --quiet --strict ${join(control, "md5sums")}`);
    const listed = readFileSync(join(control, "md5sums"), "utf8").split("\n").length - 1;
    expect(Number(run("sh", "-c", `find ${root} -type f | wc -l`))).toBe(listed + 1);
    expect(readFileSync(join(control, "conffiles"), "utf8")).toBe("/etc/tenk/tenk.yaml\n");
    for (const name of SCRIPTS) expect(statSync(join(control, name)).mode & 0o7777).toBe(0o755);
  });

  test("lists folders before what is in them, all of them root's", () => {
    const paths = run("dpkg-deb", "--contents", file).trim().split("\n");
    expect(paths.every((line) => line.includes(" root/root "))).toBe(true);
    const names = paths.map((line) => line.slice(line.indexOf("./")));
    for (const [at, name] of names.entries()) {
      const parent = name.replace(/[^/]+\/?$/, "");
      if (parent !== "") expect(names.slice(0, at)).toContain(parent);
    }
  });
});

describe("the maintainer scripts", () => {
  test.each(SCRIPTS)("%s is a POSIX script that stops at the first error", (name) => {
    const path = join(import.meta.dirname, "../../deploy/debian", name);
    expect(readFileSync(path, "utf8")).toMatch(/^#!\/bin\/sh\n(#.*\n)*set -e\n/);
    run("sh", "-n", path);
  });

  const masks: [mask: string, isHandled: boolean][] = [
    ["0000000000000800", true],
    ["0000000180014a07", true],
    ["0000000000004203", false],
    ["0000000000000000", false],
    ["0000000000000f00", true],
    ["fffffffffffff7ff", false],
  ];
  test.each(masks)("a process whose caught signals are %s is sent SIGUSR2: %p", (mask, isHandled) => {
    const postinst = readFileSync(join(import.meta.dirname, "../../deploy/debian/postinst"), "utf8");
    const [handles = ""] = /^handles_usr2\(\) \{\n[\s\S]*?^\}$/m.exec(postinst) ?? [];
    const fake = join(folder, mask);
    mkdirSync(fake, { recursive: true });
    writeFileSync(join(fake, "status"), `Name:\ttenk\nSigIgn:\tffffffffffffffff\nSigCgt:\t${mask}\n`);
    const script = `${handles.replace("/proc/$1", fake)}\nhandles_usr2 1`;
    expect(spawnSync("sh", ["-c", script]).status).toBe(isHandled ? 0 : 1);
  });
});

function run(command: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8" });
  expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: "" });
  return stdout;
}

import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  installInBrowsers,
  installInSystem,
  LocalCa,
  type Machine,
  removeFromBrowsers,
  removeFromSystem,
  type TrustedRoot,
  thisMachine,
} from "../../src/certificates/mod.ts";
import { keptLog, newFolder, testWith } from "./support.ts";

const newRoot = (): Promise<TrustedRoot> =>
  new LocalCa({ folder: undefined, hostname: "nas", log: keptLog().log }).certificates();

/** A machine in a folder. `programs` write down how they were called, and then do what their script says. */
function machineIn(programs: Record<string, string>, folders: string[] = []): Machine & { calls(): string[] } {
  const root = newFolder();
  const log = join(root, "calls");
  for (const folder of ["bin", "home", ...folders]) mkdirSync(join(root, folder), { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(root, "bin", name), `#!/bin/sh\necho "${name} $*" >> ${log}\n${script}\n`);
    chmodSync(join(root, "bin", name), 0o755);
  }
  return {
    ...{
      root,
      home: join(root, "home"),
      owner: undefined,
      canAsk: false,
      path: join(root, "bin"),
      canWrite: () => true,
    },
    calls: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split(/ *\n/) : []),
  };
}

describe("the system's store", () => {
  test.each([
    ["Debian", "usr/local/share/ca-certificates", "update-ca-certificates", "crt", "", "--fresh"],
    ["Fedora", "etc/pki/ca-trust/source/anchors", "update-ca-trust", "pem", "extract", "extract"],
    ["openSUSE", "etc/pki/trust/anchors", "update-ca-certificates", "pem", "", ""],
    ["Arch", "etc/ca-certificates/trust-source/anchors", "trust", "crt", "extract-compat", "extract-compat"],
  ])("of %s gets the root, once, and loses it again", async (_, folder, program, extension, added, removed) => {
    const root = await newRoot();
    const other = await newRoot();
    const machine = machineIn({ [program]: "" }, [folder]);
    installInSystem(other, machine);
    const { state, path } = installInSystem(root, machine);
    expect(state).toBe("installed");
    expect(path).toMatch(new RegExp(`${folder}/tenk-[0-9a-f]{12}\\.${extension}$`));
    expect(readFileSync(path!, "utf8")).toBe(root.root);
    expect(installInSystem(root, machine).state).toBe("unchanged");
    expect(removeFromSystem(root, machine)).toEqual({ store: "system store", state: "removed", path: path! });
    expect(removeFromSystem(root, machine).state).toBe("unchanged");
    expect(readdirSync(join(machine.root, folder))).toHaveLength(1);
    const calls = [added, added, removed].map((words) => `${program} ${words}`.trim());
    expect(machine.calls()).toEqual(calls);
  });

  test("that fails says what the program said", async () => {
    const machine = machineIn({ "update-ca-certificates": "echo disk full >&2; exit 1" }, [
      "usr/local/share/ca-certificates",
    ]);
    const { state, problem } = installInSystem(await newRoot(), machine);
    expect([state, problem]).toEqual(["failed", "disk full"]);
  });

  test("that is not known: the result says how", async () => {
    const { state, instructions } = installInSystem(await newRoot(), machineIn({}));
    expect([state, instructions![0]]).toEqual([
      "to-do",
      expect.stringContaining("tenk trust --print") as unknown as string,
    ]);
  });

  test("that we may not write: the commands are printed, and sudo is called only where it can ask", async () => {
    const root = await newRoot();
    const programs = { sudo: 'case "$1" in tee) cat > "$2";; rm) rm "$2";; esac', "update-ca-certificates": "" };
    const closed = { ...machineIn(programs, ["usr/local/share/ca-certificates"]), canWrite: () => false };
    const { state, path, instructions } = installInSystem(root, closed);
    expect([state, instructions, closed.calls()]).toEqual([
      "to-do",
      [`tenk trust --print | sudo tee ${path} > /dev/null`, "sudo update-ca-certificates"],
      [],
    ]);
    const asking = { ...closed, canAsk: true, path: `${closed.path}:/usr/bin:/bin` };
    expect(installInSystem(root, asking).state).toBe("installed");
    expect(readFileSync(path!, "utf8")).toBe(root.root);
    expect(removeFromSystem(root, closed).instructions).toEqual([
      `sudo rm ${path}`,
      "sudo update-ca-certificates --fresh",
    ]);
    expect(removeFromSystem(root, asking).state).toBe("removed");
    const program = join(closed.root, "bin/update-ca-certificates");
    expect(closed.calls()).toEqual([
      `sudo tee ${path}`,
      `sudo ${program}`,
      `sudo rm ${path}`,
      `sudo ${program} --fresh`,
    ]);
  });
});

describe("the browsers' stores", () => {
  const withPath = (machine: Machine): Machine => ({ ...machine, path: `${machine.path}:/usr/bin` });

  function newDatabase(path: string): string {
    mkdirSync(path, { recursive: true });
    expect(spawnSync("certutil", ["-N", "-d", `sql:${path}`, "--empty-password"]).status).toBe(0);
    return path;
  }

  const trustOf = (path: string, { commonName }: TrustedRoot) =>
    spawnSync("certutil", ["-L", "-d", `sql:${path}`], { encoding: "utf8" })
      .stdout.split("\n")
      .find((line) => line.startsWith(commonName))
      ?.slice(commonName.length)
      .trim();

  testWith("certutil", "of Chromium and of each profile of Firefox get the root, once, and lose it again", async () => {
    const root = await newRoot();
    const other = await newRoot();
    const machine = withPath(machineIn({ chromium: "" }));
    const profiles = ["a.default", "b.work"].map((name) => newDatabase(join(machine.home, ".mozilla/firefox", name)));
    mkdirSync(join(machine.home, ".mozilla/firefox/Crash Reports"));
    const chromium = join(machine.home, ".pki/nssdb");
    const states = (results: ReturnType<typeof installInBrowsers>) =>
      results.map(({ store, path, state }) => [store, path, state]);
    const all = (state: string) => [["Chromium", chromium, state], ...profiles.map((path) => ["Firefox", path, state])];
    expect(states(installInBrowsers(root, machine))).toEqual(all("installed"));
    expect(states(installInBrowsers(other, machine))).toEqual(all("installed"));
    expect(states(installInBrowsers(root, machine))).toEqual(all("unchanged"));
    for (const path of [chromium, ...profiles]) expect(trustOf(path, root)).toBe("C,,");
    expect(states(removeFromBrowsers(root, machine))).toEqual(all("removed"));
    expect(states(removeFromBrowsers(root, machine))).toEqual(all("unchanged"));
    for (const path of [chromium, ...profiles])
      expect([trustOf(path, root), trustOf(path, other)]).toEqual([undefined, "C,,"]);
  });

  test("without certutil: the result says how to get it, and how to do it by hand", async () => {
    const machine = machineIn({ chromium: "" });
    const profile = join(machine.home, ".mozilla/firefox/a");
    mkdirSync(profile, { recursive: true });
    writeFileSync(join(profile, "cert9.db"), "");
    const results = installInBrowsers(await newRoot(), machine);
    expect(results.map(({ store, state }) => [store, state])).toEqual([
      ["Chromium", "to-do"],
      ["Firefox", "to-do"],
    ]);
    for (const { instructions } of results) expect(instructions!.join()).toContain("libnss3-tools");
  });

  test("are none where no browser is", async () => {
    expect(installInBrowsers(await newRoot(), machineIn({}))).toEqual([]);
  });

  test("below sudo are those of the person who called it", () => {
    if (process.getuid?.() !== 0) return;
    const below = { SUDO_USER: "daemon", SUDO_UID: "1", SUDO_GID: "1", PATH: "/bin" };
    expect(thisMachine(true, below)).toMatchObject({ home: "/usr/sbin", owner: { uid: 1, gid: 1 }, canAsk: true });
    expect(thisMachine(false, { PATH: "/bin" }).owner).toBeUndefined();
  });
});

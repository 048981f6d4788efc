import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { debPackage } from "../../scripts/debian/package.ts";
import { EXECUTABLE } from "../cli/tenk.ts";
import { BootedMachine, MACHINE_PROGRAMS } from "./booted-machine.ts";
import { isWanted, run } from "./wanted.ts";

const TIMEOUT_MS = 120_000;
const EMULATOR = ["-cpu", "cortex-a72", "-L", "/usr/aarch64-linux-gnu"];
const PATIENT = "--silent --fail --max-time 5 --retry 20 --retry-delay 0 --retry-connrefused";
const HEALTH = `curl ${PATIENT} http://127.0.0.1:9190/healthz`;

/** What dpkg, systemd and useradd keep of any package that was there: its record, logs, caches, backups of files. */
const KEPT = [
  /^\/(run|tmp|proc|sys|dev|mnt|root)\//,
  /^\/var\/(log|tmp|cache\/man|lib\/dpkg|lib\/systemd|lib\/private|lib\/dbus)\//,
  /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$/,
  /^\/etc\/(\.pwd\.lock|machine-id|hostname|mtab|resolv\.conf|localtime|ld\.so\.cache|\.updated)$/,
  /^\/var\/\.updated$/,
];
const ACCOUNTS = ["passwd", "group", "shadow", "gshadow"].map((name) => `/etc/${name}`).join(" ");

/** Other packages' triggers would index all manual pages of this machine each time. */
const DPKG = "dpkg --no-triggers --force-unsafe-io";

const folder = mkdtempSync(join(tmpdir(), "tenk-debs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function deb(architecture: "amd64" | "arm64", version: string, program: string): Promise<string> {
  const path = join(folder, `tenk_${version}_${architecture}.deb`);
  writeFileSync(
    path,
    await debPackage({ architecture, version, program: readFileSync(program), atSeconds: 1_700_000_000 }),
  );
  return path;
}

if (process.arch === "x64" && isWanted("the package under systemd", [...MACHINE_PROGRAMS, "dpkg", "curl"])) {
  beforeAll(async () => {
    const program = EXECUTABLE ?? (await build("x64", folder));
    await deb("amd64", "1.0.0", program);
    await deb("amd64", "1.0.1", program);
  }, TIMEOUT_MS);

  test(
    "the package installs, serves, is upgraded, removed and purged, and leaves nothing",
    async () => {
      await using machine = await BootedMachine.boot({ [folder]: "/mnt" });
      const before = machine.written();
      const accounts = machine.run(`cat ${ACCOUNTS}`);

      machine.run(`${DPKG} --install /mnt/tenk_1.0.0_amd64.deb`);
      expect(machine.run(HEALTH)).toBe("ok\n");
      expect(machine.run("systemctl is-active tenk; systemctl is-enabled tenk")).toBe("active\nenabled\n");
      expect(machine.run("ps -o user= -p $(systemctl show --property=MainPID --value tenk)").trim()).toBe("tenk");
      expect(machine.run("stat --format='%U %a' /var/lib/tenk")).toBe("tenk 700\n");
      expect(machine.run("dpkg --verify tenk")).toBe("");

      // As docs/ladder.md has it, and the CA is asked for before a service needs it: root must make it for the user tenk.
      machine.run("tenk trust --print > /tmp/root.crt; tenk token");
      machine.run("echo 'services: { hello: { respond: hello } }' >> /etc/tenk/tenk.yaml; systemctl reload tenk");
      expect(machine.run(`curl --cacert /tmp/root.crt ${PATIENT} https://hello.localhost`)).toBe("hello");

      machine.run("echo '# changed here' >> /etc/tenk/tenk.yaml");
      machine.run(`${DPKG} --install /mnt/tenk_1.0.1_amd64.deb`);
      expect(machine.run(HEALTH)).toBe("ok\n");
      const runs = machine.run("readlink /proc/$(systemctl show --property=MainPID --value tenk)/exe");
      expect(runs).toBe("/usr/bin/tenk\n");
      expect(machine.run("tail -1 /etc/tenk/tenk.yaml")).toBe("# changed here\n");

      machine.run("systemctl disable --now tenk 2>/dev/null");
      machine.run(`${DPKG} --install --force-downgrade /mnt/tenk_1.0.0_amd64.deb`);
      expect(machine.run("systemctl is-active tenk || true; systemctl is-enabled tenk || true")).toBe(
        "inactive\ndisabled\n",
      );
      machine.run("systemctl enable --now tenk 2>/dev/null");

      machine.run(`${DPKG} --remove tenk`);
      expect(machine.run("pgrep -x tenk || true; ls /etc/tenk")).toBe("tenk.yaml\n");
      machine.run(`${DPKG} --purge tenk`);
      expect(machine.run(`cat ${ACCOUNTS}`)).toBe(accounts);
      const left = machine
        .written()
        .filter((path) => !before.includes(path) && !KEPT.some((kept) => kept.test(path)))
        // A folder of this machine counts as written when something in it was.
        .filter((path) => !(path.endsWith("/") && existsSync(path)));
      expect(left).toEqual([]);
      expect(machine.run("systemctl list-units --all --plain --no-legend 'tenk*'")).toBe("");

      // As in a chroot: neither a running systemd nor its programs.
      machine.run("mv /usr/bin/deb-systemd-helper /usr/bin/deb-systemd-invoke /tmp");
      const chroot = (command: string) =>
        machine.run(
          `unshare --mount sh -ec 'mount -t tmpfs tmpfs /run/systemd; mount --bind /bin/false /bin/systemctl; ${command}'`,
        );
      chroot(`${DPKG} --install /mnt/tenk_1.0.0_amd64.deb`);
      chroot(`${DPKG} --install /mnt/tenk_1.0.1_amd64.deb`);
      expect(machine.run("tenk --version; getent passwd tenk | cut -d: -f6")).toMatch(/^tenk .*\n\/var\/lib\/tenk\n$/);
      chroot(`${DPKG} --purge tenk`);
      expect(machine.run(`cat ${ACCOUNTS}`)).toBe(accounts);
    },
    TIMEOUT_MS,
  );
}

const hasEmulator = existsSync("/usr/aarch64-linux-gnu/lib/libc.so.6");
if (isWanted("the package for arm64", ["dpkg-deb", "qemu-aarch64-static"]) && hasEmulator) {
  test(
    "the package for arm64 contains what the one for amd64 does, and its program runs on a Raspberry Pi 4's core",
    async () => {
      const arm = await deb("arm64", "1.0.0", await build("arm64", folder));
      const root = join(folder, "arm64");
      run("dpkg-deb", ["--extract", arm, root]);
      const version = run("qemu-aarch64-static", [...EMULATOR, join(root, "usr/bin/tenk"), "--version"]);
      expect(version).toMatch(/^tenk \d+\.\d+\.\d+ /);
      expect(run("dpkg-deb", ["--field", arm, "Architecture"])).toBe("arm64\n");
    },
    TIMEOUT_MS,
  );
}

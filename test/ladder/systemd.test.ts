/** Done when 1 of the ladder: the unit, judged and under a booted systemd. */
import { beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { serviceUnit, socketUnit } from "../../src/systemd/mod.ts";
import { EXECUTABLE } from "../cli/tenk.ts";
import { BootedMachine, MACHINE_PROGRAMS } from "./booted-machine.ts";
import { isWanted, run } from "./wanted.ts";

const TIMEOUT_MS = 120_000;
const ACCOUNTS = ["passwd", "group", "shadow", "gshadow"].map((name) => `/etc/${name}`).join(" ");
/** What systemd and useradd keep for themselves. */
const KEPT = [
  /^\/(run|tmp|proc|sys|dev|mnt|root)\//,
  /^\/var\/(log|tmp|lib\/systemd|lib\/private|lib\/dbus)\//,
  /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$/,
  /^\/etc\/(\.pwd\.lock|machine-id|hostname|mtab|resolv\.conf|localtime|ld\.so\.cache|\.updated)$/,
  /^\/var\/\.updated$/,
];

const CONFIG = `
version: 1
domain: test
tcp:
  echo: { listen: 127.0.0.1:7000, handler: ./hang.ts, workers: 2 }
  main: { listen: 127.0.0.1:7001, handler: ./hang.ts }
proxy: { https: auto, http: off, accessLog: off }
dns: { listen: auto, upstreams: ["127.0.0.1:9"] }
services:
  hello: { respond: hello }
  bus: systemd:dbus
  pinged: ping:127.0.0.1
`;

const MAIN_PID = "$(systemctl show --property=MainPID --value tenk)";
const HEALTH =
  "curl --silent --fail --max-time 5 --retry 50 --retry-delay 0 --retry-all-errors http://127.0.0.1:9190/healthz";

const folder = mkdtempSync(join(tmpdir(), "tenk-systemd-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

if (isWanted("the unit", ["systemd-analyze"])) {
  test("systemd-analyze has nothing to say of the units, and rates the service 2.0 or better", () => {
    const service = join(folder, "tenk.service");
    writeFileSync(service, serviceUnit({ program: "/bin/true", config: "/etc/tenk/tenk.yaml" }));
    const addresses = [{ transport: "tcp", address: { host: "::", port: 443 } }] as const;
    writeFileSync(join(folder, "tenk.socket"), socketUnit(addresses)!);
    run("systemd-analyze", ["security", "--offline=true", "--threshold=20", service]);
    // It prints what it complains of to standard error, and exits with 0.
    expect(run("sh", ["-c", `systemd-analyze verify ${folder}/tenk.* 2>&1`])).toBe("");
  });
}

if (process.arch === "x64" && isWanted("the service under systemd", [...MACHINE_PROGRAMS, "curl"])) {
  const shared = join(folder, "shared");

  beforeAll(async () => {
    mkdirSync(shared);
    copyFileSync(EXECUTABLE ?? (await build("x64", folder)), join(shared, "tenk"));
    for (const name of ["connects.ts", "hang.ts"])
      copyFileSync(join(import.meta.dirname, "systemd", name), join(shared, name));
    writeFileSync(join(shared, "box.yaml"), CONFIG);
  }, TIMEOUT_MS);

  test(
    "installs itself, and takes back exactly that",
    async () => {
      await using machine = await BootedMachine.boot({ [shared]: "/mnt" });
      const before = machine.written();
      const accounts = machine.run(`cat ${ACCOUNTS}`);
      const pingRange = machine.run("cat /proc/sys/net/ipv4/ping_group_range");
      const planned = machine.run("/mnt/tenk install --dry-run");
      expect(planned).toContain("copy this program to /usr/local/bin/tenk\n");
      expect(machine.written()).toEqual(before);

      expect(machine.run("/mnt/tenk install --yes")).toStartWith(planned);
      expect(machine.run("systemctl is-active tenk tenk.socket; systemctl is-enabled tenk tenk.socket")).toBe(
        "active\nactive\nenabled\nenabled\n",
      );
      // Type=notify: what follows a start finds it ready.
      expect(machine.run("curl --silent http://127.0.0.1:9190/healthz")).toBe("ok\n");
      expect(machine.run("systemctl show --property=StatusText tenk")).toStartWith(
        "StatusText=Serving tcp packets on 127.0.0.1:9091;",
      );
      expect(machine.run("stat --format='%U:%G %a' /var/lib/tenk /etc/tenk/tenk.yaml")).toBe(
        "tenk:tenk 700\nroot:tenk 640\n",
      );
      expect(
        machine.run(
          'journalctl --unit=tenk --output=json --output-fields=PRIORITY,MESSAGE | grep -c \'"PRIORITY":"6"\'',
        ),
      ).not.toBe("0\n");
      expect(machine.run("/usr/local/bin/tenk install --yes")).toBe("tenk install: nothing to do\n");

      const status = machine.run(`cat /proc/${MAIN_PID}/status`);
      // CAP_NET_BIND_SERVICE is the tenth.
      for (const set of ["CapEff", "CapPrm", "CapBnd", "CapAmb"])
        expect(status).toContain(`${set}:\t0000000000000400\n`);
      expect(status).toContain("NoNewPrivs:\t1\n");
      expect(status).toContain("Seccomp:\t2\n");

      machine.run("tenk uninstall --yes --purge");
      expect(machine.run(`cat ${ACCOUNTS}`)).toBe(accounts);
      expect(machine.run("cat /proc/sys/net/ipv4/ping_group_range")).toBe(pingRange);
      expect(machine.run("systemctl list-units --all --plain --no-legend 'tenk*'")).toBe("");
      const left = machine
        .written()
        .filter((path) => !before.includes(path) && !KEPT.some((kept) => kept.test(path)))
        // A folder of this machine counts as written when something in it was.
        .filter((path) => !(path.endsWith("/") && existsSync(path)));
      expect(left).toEqual([]);

      // What a user changed stays, and so do data, with their owner.
      machine.run("/mnt/tenk install --yes && echo '# mine' >> /etc/tenk/tenk.yaml");
      expect(machine.run("tenk uninstall --yes")).toContain("leave /etc/tenk/tenk.yaml: it was changed since\n");
      expect(machine.run("tail -1 /etc/tenk/tenk.yaml; stat --format=%U /var/lib/tenk/token")).toBe("# mine\ntenk\n");
    },
    TIMEOUT_MS,
  );

  test(
    "serves, reloads, is started again by the watchdog, and refuses nobody while it restarts",
    async () => {
      await using machine = await BootedMachine.boot({ [shared]: "/mnt" });
      machine.run("mkdir /srv/box && cp /mnt/box.yaml /mnt/hang.ts /srv/box");
      machine.run("mkdir -p /etc/systemd/system/tenk.service.d");
      machine.run(
        "printf '[Service]\\nWatchdogSec=3s\\nRestartSec=100ms\\n' > /etc/systemd/system/tenk.service.d/test.conf",
      );
      machine.run("/mnt/tenk install --yes --config /srv/box/box.yaml");

      expect(machine.run("journalctl --unit=tenk")).not.toContain("no listener uses a socket of systemd");

      // The box's features, under the sandbox.
      const asRoot = `curl --silent --header "Authorization: Bearer $(cat /var/lib/tenk/token)" http://127.0.0.1:9190`;
      const hostOf = () => JSON.parse(machine.run(`${asRoot}/api/status`)).host;
      for (let each = 0; each < 50 && hostOf().mounts.length === 0; each++) machine.run("sleep 0.2");
      const host = hostOf();
      expect(host.memoryTotalBytes).toBeGreaterThan(1e8);
      const root = host.mounts.find(({ mountPoint }: { mountPoint: string }) => mountPoint === "/");
      expect(root).toMatchObject({ isReadOnly: false });
      expect(machine.run(`${asRoot}/metrics`)).toContain("\nnode_cpu_seconds_total{");
      const states = () => {
        const { services } = JSON.parse(machine.run(`${asRoot}/api/status`)).parts.probe;
        return services.map(({ service, state }: { service: string; state: string }) => `${service} ${state}`);
      };
      const areUp = () => states().join() === "bus up,pinged up";
      for (let each = 0; each < 50 && !areUp(); each++) machine.run("sleep 0.2");
      expect(states()).toEqual(["bus up", "pinged up"]);
      const discovered = machine.start("exec python3 -m http.server 8123 --bind 127.0.0.1");
      for (let each = 0; each < 50 && !machine.run("ss -ltn").includes(":8123"); each++) machine.run("sleep 0.1");
      const found = machine.run(`${asRoot}/api/probe/discover --request POST --header 'x-tenk: 1' --json '{}'`);
      expect(JSON.parse(found).text).toContain("http://127.0.0.1:8123");
      expect(machine.run("tenk discover")).toContain("python3");
      discovered.kill();

      // A wrong configuration fails the reload, and changes nothing.
      const pid = machine.run(`echo ${MAIN_PID}`);
      machine.run("sed -i 's/^tcp:/tpc:/' /srv/box/box.yaml");
      expect(() => machine.run("systemctl reload tenk")).toThrow();
      machine.run("sed -i 's/^tpc:/tcp:/; s/7001/7002/' /srv/box/box.yaml && systemctl reload tenk");
      for (let each = 0; each < 50 && !machine.run("ss -ltn").includes(":7002"); each++) machine.run("sleep 0.1");
      expect(machine.run("ss -ltn")).toContain("127.0.0.1:7002");
      expect(machine.run(`echo ${MAIN_PID}`)).toBe(pid);

      // Restarts, while others connect.
      const connects = async (work: () => void) => {
        machine.run("rm -f /run/stop");
        const program = machine.start("exec tenk run --program /mnt/connects.ts -- /run/stop 7000 443 53");
        let text = "";
        program.stdout!.on("data", (part) => (text += part));
        machine.run("sleep 1");
        work();
        machine.run("sleep 1; touch /run/stop");
        await once(program, "close");
        return JSON.parse(text);
      };
      const held = await connects(() => {
        for (let each = 0; each < 3; each++) machine.run("systemctl restart tenk; sleep 0.3");
      });
      expect(held.failures).toEqual({});
      expect(held.answered).toBe(held.queries);
      expect(held.connects).toBeGreaterThan(500);
      expect(held.secured).toBeGreaterThan(50);
      // Without systemd's sockets the same is seen to fail.
      const socket = "/etc/systemd/system/tenk.socket";
      machine.run(`systemctl stop tenk.socket tenk; mv ${socket} /srv; systemctl daemon-reload; systemctl start tenk`);
      const without = await connects(() => void machine.run("systemctl restart tenk"));
      expect(Object.keys(without.failures).join()).toContain("ECONNREFUSED");
      machine.run(`systemctl stop tenk; mv /srv/tenk.socket ${socket}; systemctl daemon-reload; systemctl start tenk`);
      expect(machine.run("systemctl is-active tenk.socket")).toBe("active\n");

      // An event loop that hangs: of the process, and of one of its threads.
      for (const port of [7002, 7000]) {
        const before = machine.run(`echo ${MAIN_PID}`);
        machine.run(`bash -c "printf '!' >/dev/tcp/127.0.0.1/${port}"`);
        for (let each = 0; each < 100 && [before, "0\n"].includes(machine.run(`echo ${MAIN_PID}`)); each++)
          machine.run("sleep 0.2");
        expect(machine.run(HEALTH)).toBe("ok\n");
        expect(machine.run(`echo ${MAIN_PID}`)).not.toBe(before);
      }
      expect(machine.run("journalctl --unit=tenk")).toContain("Watchdog timeout");
      const errors = machine.run("journalctl --unit=tenk --priority=err");
      expect(errors).toMatch(/event loop blocked, no sign of life sent listeners=\S*echo/);
    },
    TIMEOUT_MS,
  );
}

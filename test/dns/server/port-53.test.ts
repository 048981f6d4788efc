/** Port 53 where others have it, in a network of its own: Debian's dnsmasq and systemd-resolved. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasPrograms } from "../../app/admin/nginx-support.ts";
import { startTenk } from "../../cli/tenk.ts";
import { hasNamespaces } from "../../metrics/namespaced.ts";

const DNSMASQ = "/usr/sbin/dnsmasq";
const RESOLVED = "/usr/lib/systemd/systemd-resolved";
const FLAGS = ["-nmpf", "--kill-child", "--mount-proc"];
const CONFIG = `dashboard: { listen: 127.0.0.1:0 }
domain: home.arpa
proxy: off
services: { git: http://127.0.0.1:3000 }
dns: { tls: off, blocklists: [], upstreams: [127.0.0.1:9] }
`;
/** Shell that waits until somebody has UDP port 53: 0x35. */
const UNTIL_TAKEN = "for each in $(seq 100); do grep -q ':0035 ' /proc/net/udp && break; sleep 0.05; done";
/** It runs as its own user, and asks tenk. */
const START_RESOLVED = `
mount -t tmpfs none /run
cp /etc/passwd /run/passwd
grep -q ^systemd-resolve: /run/passwd || echo systemd-resolve:x:0:0::/:/bin/false >> /run/passwd
mount --bind /run/passwd /etc/passwd
mkdir -p /run/systemd/netif/links /run/systemd/resolved.conf.d
printf '[Resolve]\\nDNS=127.0.0.1:5354\\nDNSSEC=no\\nMulticastDNS=no\\nLLMNR=no\\n' > /run/systemd/resolved.conf.d/tenk.conf
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
ip link set v0 up
ip link set v1 up
ip route add default via 192.0.2.254
${RESOLVED} 2>/dev/null &
${UNTIL_TAKEN}
`;

/** Starts tenk in a network of its own after a script of the shell, and lets it be looked at once it is up. */
async function beside(script: string, look: (log: string, run: (command: string) => string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-port-53-"));
  writeFileSync(join(folder, "tenk.yaml"), `${CONFIG}data: { history: false, folder: ${join(folder, "data")} }\n`);
  const start = `ip link set lo up; ${script}\nexec "$@"`;
  const wrapped = ["unshare", ...FLAGS, "sh", "-c", start, "sh"];
  const tenk = startTenk(["up", "--config", join(folder, "tenk.yaml")], { cwd: folder, wrapped });
  try {
    const log = (await tenk.sees("stderr", /^.* up tenk=/s))[0];
    const pid = / up tenk=.*$/.exec(log) && childOf(tenk.child.pid!);
    const run = (command: string) =>
      spawnSync("nsenter", ["-t", String(pid), "-n", "sh", "-c", command], { encoding: "utf8" }).stdout;
    look(log, run);
  } finally {
    tenk.child.kill("SIGKILL");
    await tenk.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first process within the namespaces that `unshare` made. */
function childOf(pid: number): string {
  return spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout.trim();
}

const canTest =
  hasPrograms("port 53 in use", [DNSMASQ, RESOLVED, "/usr/bin/dig", "/usr/bin/nsenter"]) && hasNamespaces(FLAGS);

test.if(canTest)(
  "dnsmasq has it: the log says so and how to stop it, and queries are answered on 5354",
  async () => {
    await beside(`${DNSMASQ} --conf-file=/dev/null --no-resolv --user=root --pid-file=; ${UNTIL_TAKEN}`, (log, run) => {
      expect(log).toMatch(
        /dns port in use, listening elsewhere name=dns port=53 by="dnsmasq \(pid \d+\)" instead=5354 fix="sudo systemctl disable --now dnsmasq .*dns\.listen"/,
      );
      expect(log).toMatch(/dns listening name=udp address=\S+:5354/);
      expect(run("dig +short @127.0.0.1 -p 5354 git.home.arpa").trim()).toBe("127.0.0.1");
      expect(run("dig +short +tcp @127.0.0.1 -p 5354 git.home.arpa").trim()).toBe("127.0.0.1");
    });
  },
  30_000,
);

test.if(canTest)(
  "systemd-resolved has it: the log has the setting of its stub; and it gets answers from 5354",
  async () => {
    await beside(START_RESOLVED, (log, run) => {
      expect(log).toMatch(
        /port in use, listening elsewhere name=dns port=53 by="systemd-resolve \(pid \d+\)" instead=5354/,
      );
      expect(log).toContain("DNSStubListener=no");
      expect(run("dig +short @127.0.0.53 git.home.arpa").trim()).toBe("127.0.0.1");
    });
  },
  30_000,
);

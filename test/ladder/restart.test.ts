import { expect, test } from "bun:test";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { EXECUTABLE } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { BootedMachine, MACHINE_PROGRAMS } from "./booted-machine.ts";
import { isWanted } from "./wanted.ts";
import type { Watched } from "./watching-clients.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const HELD = 5000;
const TIMEOUT_MS = 120_000;

/** The programs are bound where the machine has no folder of its own, as it has at /tmp. */
const BUN = `/mnt/bun/${basename(process.execPath)}`;
const TENK = EXECUTABLE === undefined ? `${BUN} /mnt/repository/src/main.ts` : `/mnt/program/${basename(EXECUTABLE)}`;

const CONFIG = `
tcp: { packets: { listen: "0.0.0.0:9091", handler: echo, workers: 2 } }
services: { box: dashboard }
proxy: { workers: 2 }
dns: { workers: 2, mdns: false, tls: off }
dashboard: { listen: "127.0.0.1:9190" }
containers: off
`;

const UNITS = {
  "tenk.service": `[Service]
Type=notify
NotifyAccess=all
ExecStart=${TENK} up --config /etc/tenk.yaml
Environment=XDG_DATA_HOME=/var/lib
StateDirectory=tenk
LimitNOFILE=20000
TimeoutStartSec=60
`,
  "tenk.socket": `[Socket]
ListenStream=0.0.0.0:9091
ListenStream=0.0.0.0:443
ListenStream=0.0.0.0:80
ListenStream=[::]:53
ListenDatagram=[::]:53
ListenStream=127.0.0.1:9190
BindIPv6Only=both
Backlog=4096
`,
};

/** Has clients watch while something happens to the service. */
async function watched(machine: BootedMachine, held: number, act: () => void): Promise<Watched> {
  machine.run("rm -rf /run/watch; mkdir /run/watch");
  const program = `${BUN} /mnt/repository/test/ladder/watching-clients.ts 9091 443 53 ${held} /run/watch`;
  machine.start(`ulimit -n 20000; exec ${program}`);
  const has = (name: string) => machine.run(`test -e /run/watch/${name} && echo yes || echo no`) === "yes\n";
  await until(() => has("ready"), 60_000);
  act();
  machine.run("touch /run/watch/stop");
  await until(() => has("result.json"), 60_000);
  return JSON.parse(machine.run("cat /run/watch/result.json")) as Watched;
}

if (isWanted("restarts under load", MACHINE_PROGRAMS)) {
  test(
    "a restart under load refuses, resets and loses nothing with the socket unit, and does without",
    async () => {
      await using machine = await BootedMachine.boot({
        [REPOSITORY]: "/mnt/repository",
        [dirname(process.execPath)]: "/mnt/bun",
        ...(EXECUTABLE !== undefined && { [dirname(EXECUTABLE)]: "/mnt/program" }),
      });
      const write = (path: string, text: string) => machine.run(`cat > ${path} <<'END'\n${text}END`);
      write("/etc/tenk.yaml", CONFIG);
      for (const [name, text] of Object.entries(UNITS)) write(`/run/systemd/system/${name}`, text);
      const journal = () => machine.run("journalctl --unit=tenk --output=cat");
      machine.run("systemctl daemon-reload; systemctl start tenk.socket tenk || { journalctl --unit=tenk; exit 1; }");

      const restarted = await watched(machine, HELD, () => void machine.run("systemctl restart tenk; sleep 0.5"));
      expect(restarted.failures).toEqual([]);
      expect(Object.keys(restarted.answered).sort()).toEqual(["dns", "https", "tcp"]);
      expect(restarted.heldEnds).toEqual({ peer: HELD });
      expect(journal()).not.toMatch(/listening elsewhere|no listener uses/);

      machine.run("systemctl stop tenk.socket tenk; systemctl start tenk");
      const without = await watched(machine, 0, () => void machine.run("systemctl restart tenk; sleep 0.5"));
      expect(without.failures).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
}

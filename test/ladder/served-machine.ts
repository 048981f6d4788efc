/** A booted machine on which tenk is a service, watched by clients that notice everything. */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { EXECUTABLE } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { BootedMachine } from "./booted-machine.ts";
import type { Watched } from "./watching-clients.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

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

export class ServedMachine {
  readonly machine: BootedMachine;

  private constructor(machine: BootedMachine) {
    this.machine = machine;
  }

  /** Its service has not started yet: `tenk.service`, and `tenk.socket` with all its addresses. */
  static async boot(): Promise<ServedMachine> {
    const machine = await BootedMachine.boot({
      [REPOSITORY]: "/mnt/repository",
      [dirname(process.execPath)]: "/mnt/bun",
      ...(EXECUTABLE !== undefined && { [dirname(EXECUTABLE)]: "/mnt/program" }),
    });
    const write = (path: string, text: string) => machine.run(`cat > ${path} <<'END'\n${text}END`);
    write("/etc/tenk.yaml", CONFIG);
    for (const [name, text] of Object.entries(UNITS)) write(`/run/systemd/system/${name}`, text);
    machine.run("systemctl daemon-reload");
    return new ServedMachine(machine);
  }

  start(units = "tenk"): void {
    this.machine.run(`systemctl start ${units} || { journalctl --unit=tenk; exit 1; }`);
  }

  get journal(): string {
    return this.machine.run("journalctl --unit=tenk --output=cat");
  }

  get mainPid(): number {
    return Number(this.machine.run("systemctl show --property=MainPID --value tenk"));
  }

  /** Has clients hold connections, and open others all the time, while something happens. */
  async watched(held: number, act: () => void | Promise<void>): Promise<Watched> {
    const { machine } = this;
    machine.run("rm -rf /run/watch; mkdir /run/watch");
    const program = `${BUN} /mnt/repository/test/ladder/watching-clients.ts 9091 443 53 ${held} /run/watch`;
    machine.start(`ulimit -n 20000; exec ${program}`);
    const has = (name: string) => machine.run(`test -e /run/watch/${name} && echo yes || echo no`) === "yes\n";
    await until(() => has("ready"), 60_000);
    await act();
    machine.run("sleep 0.5; touch /run/watch/stop");
    await until(() => has("result.json"), 60_000);
    return JSON.parse(machine.run("cat /run/watch/result.json")) as Watched;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.machine[Symbol.asyncDispose]();
  }
}

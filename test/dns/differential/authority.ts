import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { queryBytes } from "../queries.ts";

export const NSD = "/usr/sbin/nsd";
export const UNBOUND = "/usr/sbin/unbound";
const PATIENT_MS = 20_000;

export interface Peer extends AsyncDisposable {
  readonly port: number;
}

/** Debian's NSD as the name server of everything: `zone` is that of the root. */
export async function startAuthority(zone: string): Promise<Peer> {
  const port = await freePort();
  return started("nsd", NSD, port, (folder) => {
    writeFileSync(join(folder, "root.zone"), zone);
    return `server:
  ip-address: 127.0.0.1
  port: ${port}
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: "${folder}/xfrd"
  zonelistfile: "${folder}/list"
  tls-service-key: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone"
`;
  });
}

/** Debian's unbound, which asks it. */
export async function startUnbound(authority: number): Promise<Peer> {
  const port = await freePort();
  return started(
    "unbound",
    UNBOUND,
    port,
    (folder) => `server:
  interface: 127.0.0.1
  port: ${port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
  do-ip6: no
  qname-minimisation: no
  minimal-responses: yes
  rrset-roundrobin: no
  outgoing-num-tcp: 100
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${authority}
`,
  );
}

async function started(
  name: string,
  program: string,
  port: number,
  configure: (folder: string) => string,
): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), `tenk-${name}-`));
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, configure(folder));
  const child: ChildProcess = spawn(program, ["-d", "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr!.on("data", (bytes: Buffer) => {
    log += bytes;
  });
  const client = await Client.open(port);
  let answers = 0;
  void client.next().then(() => (answers += 1));
  const untilMs = performance.now() + PATIENT_MS;
  while (answers === 0) {
    if (child.exitCode !== null || performance.now() > untilMs) throw new Error(`${name} does not answer: ${log}`);
    await client.send(queryBytes(".", "NS"));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client[Symbol.asyncDispose]();
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await until(() => child.exitCode !== null || child.signalCode !== null);
      rmSync(folder, { recursive: true });
    },
  };
}

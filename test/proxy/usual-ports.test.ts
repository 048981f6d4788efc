/** Ports 443 and 80 taken or forbidden, in a network of its own, where nobody else has them. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTenk } from "../cli/tenk.ts";
import { hasNamespaces } from "../metrics/namespaced.ts";

const FLAGS = ["-rnpf", "--kill-child", "--mount-proc"];
const HOLD = `
  const { createServer } = require("node:net");
  let open = 0;
  for (const port of [443, 80, 8443]) createServer().listen(port, () => ++open === 3 && require("node:fs").writeFileSync("held", ""));
`;
/** Shell that comes before tenk. */
const TAKEN = '"$BUN" hold.cjs & while [ ! -e held ]; do sleep 0.05; done; exec "$@"';
const FORBIDDEN = 'exec setpriv --bounding-set -net_bind_service --inh-caps -net_bind_service "$@"';

/** Starts tenk behind a shell script, and returns what it logs until it is up, less the times. */
async function logOf(script: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-ports-"));
  writeFileSync(join(folder, "hold.cjs"), HOLD);
  const settings =
    "services: { app: { respond: hi } }\ndashboard: { listen: 127.0.0.1:0 }\ntcp: { a: { listen: 127.0.0.1:0 } }\n";
  writeFileSync(join(folder, "tenk.yaml"), `${settings}data: { history: false, folder: ${join(folder, "data")} }\n`);
  const wrapped = ["unshare", ...FLAGS, "sh", "-c", `unset INVOCATION_ID; ip link set lo up; ${script}`, "sh"];
  const env = { BUN: process.execPath };
  const tenk = startTenk(["up", "--config", join(folder, "tenk.yaml")], { cwd: folder, wrapped, env });
  try {
    return (await tenk.sees("stderr", /^.* up tenk=/s))[0];
  } finally {
    tenk.child.kill("SIGKILL");
    await tenk.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

if (hasNamespaces(FLAGS)) {
  test("taken ports are logged with their holder, what was taken instead, and the setting", async () => {
    const log = await logOf(TAKEN);
    const instead = /listening name=https address=0\.0\.0\.0:(\d+)/.exec(log)?.[1];
    const by = /by="(\S+ \(pid \d+\))"/.exec(log)?.[1];
    const stop = `stop ${by?.split(" ")[0]}, or set proxy`;
    expect(by).toBeDefined();
    for (const port of [443, 8443]) {
      expect(log).toContain(
        `port in use, listening elsewhere name=https port=${port} by="${by}" instead=${instead} fix="${stop}.https"`,
      );
    }
    expect(log).toContain(
      `port in use, listening elsewhere name=http port=80 by="${by}" instead=8080 fix="${stop}.http"`,
    );
  }, 20_000);

  test("ports that its user may not have are logged with the command that permits them", async () => {
    const log = await logOf(FORBIDDEN);
    for (const [name, port, instead] of [
      ["https", 443, 8443],
      ["http", 80, 8080],
    ] as const) {
      expect(log).toMatch(
        new RegExp(`port not permitted, listening elsewhere name=${name} port=${port} instead=${instead} fix=.*`),
      );
      expect(log).toContain(`listening name=${name} address=0.0.0.0:${instead}`);
    }
    expect(log).toMatch(
      /name=http port=80 .*fix="(sudo setcap cap_net_bind_service=\+ep \S+, or )?sudo sysctl net\.ipv4\.ip_unprivileged_port_start=80"/,
    );
  }, 20_000);
}

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTenk, withFolder } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { NotifyReceiver } from "./notify-receiver.ts";

const CONFIG = 'tcp: { packets: { listen: "127.0.0.1:0", handler: sink } }\ndashboard: { listen: "127.0.0.1:0" }\n';

test("tenk up tells systemd when it is ready, alive, reloading and stopping", async () => {
  using receiver = new NotifyReceiver();
  await withFolder(async (folder) => {
    const file = join(folder, "tenk.yaml");
    writeFileSync(file, CONFIG);
    const env = { NOTIFY_SOCKET: receiver.name, WATCHDOG_USEC: "3000000" };
    const tenk = startTenk(["up", "--config", file], { cwd: folder, env });
    const told = (name: string, text = "1") => receiver.read().filter((each) => each[name]?.includes(text)).length;
    await until(() => told("READY") === 1);
    const ready = /^Serving tcp packets on 127\.0\.0\.1:\d+; dashboard http:\/\/127\.0\.0\.1:\d+\/$/;
    expect(receiver.messages[0]?.STATUS).toMatch(ready);
    await until(() => told("WATCHDOG") > 0);

    tenk.child.kill("SIGHUP");
    await until(() => told("READY") === 2);
    expect(told("RELOADING")).toBe(1);
    expect(receiver.messages.at(-1)?.STATUS ?? receiver.messages.at(-2)?.STATUS).toMatch(ready);

    writeFileSync(file, "tpc: {}\n");
    tenk.child.kill("SIGHUP");
    await until(() => told("READY") === 3);
    expect(told("STATUS", "Reload failed, nothing has changed: ")).toBe(1);

    tenk.child.kill("SIGTERM");
    const { code } = await tenk.ended;
    expect(code).toBe(0);
    expect(told("STOPPING")).toBe(1);
  });
});

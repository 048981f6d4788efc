import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../net/inherit/clients.ts";
import { freePort } from "../net/support.ts";
import { startTenk, withFolder } from "./tenk.ts";

test("asked to stop it is first not ready, serves on for the delay, and then stops accepting", () =>
  withFolder(async (folder) => {
    const [port, page] = [await freePort(), await freePort()];
    const config = join(folder, "tenk.yaml");
    writeFileSync(
      config,
      `tcp: { packets: { listen: "127.0.0.1:${port}", handler: echo } }
dashboard: { listen: "127.0.0.1:${page}" }
shutdown: { drainDelay: 2s, grace: 1s }
containers: off
data: { folder: ${folder}, history: false }
`,
    );
    const state = async (path: string) => (await fetch(`http://127.0.0.1:${page}${path}`)).status;
    const started = startTenk(["up", "--config", config]);
    await started.sees("stderr", / up /);
    expect([await state("/healthz"), await state("/readyz")]).toEqual([200, 200]);
    started.child.kill("SIGTERM");
    await started.sees("stderr", /not ready any more, connections are still accepted forMs=2000/);
    expect([await state("/healthz"), await state("/readyz")]).toEqual([200, 503]);
    expect(await ask({ port })).toBe("?");
    await started.sees("stderr", /stopping graceMs=1000/);
    expect((await started.ended).code).toBe(0);
    await expect(ask({ port })).rejects.toThrow();
  }));

test("in a pod the delay is there without a setting, and the page is reached from outside", () =>
  withFolder(async (folder) => {
    const started = startTenk(["up", "--listen", "127.0.0.1:0"], {
      cwd: folder,
      env: { KUBERNETES_SERVICE_HOST: "10.96.0.1", TENK_SHUTDOWN_GRACE: "1s" },
    });
    const [, status] = await started.sees("stderr", / up .* status=(\S+)/);
    expect(status).toMatch(/^http:\/\/(\[::\]|0\.0\.0\.0):/);
    started.child.kill("SIGTERM");
    await started.sees("stderr", /forMs=10000/);
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
    expect((await started.ended).stderr).not.toContain("?token=");
  }));

import { expect, test } from "bun:test";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { hasPrograms } from "../app/admin/nginx-support.ts";
import { ask } from "../net/inherit/clients.ts";
import { startTenk, withFolder } from "./tenk.ts";

const ACTIVATE = "/usr/bin/systemd-socket-activate";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

test.if(hasPrograms("sockets of systemd", [ACTIVATE]))(
  "tenk serves on the sockets that systemd passes, and closes those that no listener uses",
  () =>
    withFolder(async (folder) => {
      const [tcp, unused] = [await freePort(), await freePort()];
      const config = join(folder, "tenk.yaml");
      writeFileSync(
        config,
        `tcp: { packets: { listen: "127.0.0.1:${tcp}", handler: echo, workers: 2 } }
dashboard: { listen: "127.0.0.1:0" }
containers: off
data: { folder: ${folder}, history: false }
`,
      );
      const sockets = [`--listen=127.0.0.1:${tcp}`, `--listen=127.0.0.1:${unused}`];
      const started = startTenk(["up", "--config", config], { wrapped: [ACTIVATE, "--setenv=HOME", ...sockets] });
      // The program starts with the first connection, which waits until it serves.
      await started.sees("stderr", /Listening on/);
      expect(await ask({ port: tcp })).toBe("?");
      const [, address] = await started.sees("stderr", /inherited socket closed.* address=(\S+)/);
      expect(address).toBe(`127.0.0.1:${unused}/tcp`);
      expect(ask({ port: unused })).rejects.toThrow();
      started.child.kill();
      expect((await started.ended).stderr).not.toContain("listening elsewhere");
    }),
);

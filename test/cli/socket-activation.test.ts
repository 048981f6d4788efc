import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { hasPrograms } from "../app/admin/nginx-support.ts";
import { queryBytes } from "../dns/queries.ts";
import { ask } from "../net/inherit/clients.ts";
import { keptSocket } from "../net/inherit/sockets.ts";
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
  "tenk serves on the sockets that systemd passes, and says which no listener uses",
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
      const [, address] = await started.sees("stderr", /no listener uses a socket of systemd.* address=(\S+)/);
      expect(address).toBe(`127.0.0.1:${unused}/tcp`);
      started.child.kill();
      expect((await started.ended).stderr).not.toContain("listening elsewhere");
    }),
);

test("over reloads and restarts clients of systemd's sockets wait, by TCP and UDP, and all are answered", () =>
  withFolder(async (folder) => {
    using tcp = keptSocket("tcp");
    using dnsTcp = keptSocket("tcp");
    using dnsUdp = keptSocket("udp", dnsTcp.port);
    const config = join(folder, "tenk.yaml");
    const write = (workers: number) =>
      writeFileSync(
        config,
        `tcp: { packets: { listen: "127.0.0.1:${tcp.port}", handler: echo, workers: ${workers} } }
dns: { listen: "127.0.0.1:${dnsTcp.port}", mdns: false }
dashboard: { listen: "127.0.0.1:0" }
containers: off
data: { folder: ${folder}, history: false }
`,
      );
    const sockets = [tcp, dnsTcp, dnsUdp].map(({ descriptor }) => descriptor);
    const start = () => startTenk(["up", "--config", config], { sockets });
    write(1);
    const first = start();
    await first.sees("stderr", /dashboard/);
    expect(await ask({ port: tcp.port })).toBe("?");
    expect(await localhostOf(dnsUdp.port)).toBe("127.0.0.1");

    write(2);
    first.child.kill("SIGHUP");
    await first.sees("stderr", /listener started.* workers=2/);
    expect(await ask({ port: tcp.port })).toBe("?");

    first.child.kill();
    expect(await first.ended).toMatchObject({ code: 0 });
    const waiting = [ask({ port: tcp.port }), ask({ port: tcp.port })];
    const query = localhostOf(dnsUdp.port);
    const second = start();
    expect(await Promise.all(waiting)).toEqual(["?", "?"]);
    expect(await query).toBe("127.0.0.1");
    second.child.kill();
    expect((await second.ended).stderr).not.toContain("listening elsewhere");
  }));

/** Asks a name server for an address of localhost. */
async function localhostOf(port: number): Promise<string> {
  const socket = createSocket("udp4");
  const answer = once(socket, "message");
  socket.send(queryBytes("localhost"), port, "127.0.0.1");
  const [bytes] = (await answer) as [Buffer];
  socket.close();
  return [...bytes.subarray(-4)].join(".");
}

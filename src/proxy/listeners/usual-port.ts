import { type Log, TenkError } from "../../base/mod.ts";
import type { Server } from "../../net/mod.ts";
import { type Address, holderText, portHolder } from "../../part/mod.ts";

/** Where a port below this one may not be opened, the fix is a matter of rights. */
const FIX_FOR_RIGHTS =
  "sudo sysctl net.ipv4.ip_unprivileged_port_start=80, or AmbientCapabilities=CAP_NET_BIND_SERVICE in its systemd unit";

/**
 * Listens at the first of several ports that is to be had, and logs what kept it from those before.
 *
 * @param ports 0 stands for a free one
 * @throws {TenkError} as `listen`, at the last port
 */
export async function listenAtUsualPort(
  name: string,
  host: string,
  ports: readonly number[],
  start: (address: Address) => Promise<Server>,
  log: Log,
): Promise<Server> {
  const missed: { port: number; error: TenkError }[] = [];
  for (const [index, port] of ports.entries()) {
    try {
      const server = await start({ host, port });
      for (const each of missed) await logMissed(name, each.port, each.error, server.port, log);
      return server;
    } catch (error) {
      const isPassable =
        error instanceof TenkError && (error.code === "port-in-use" || error.code === "permission-denied");
      if (!isPassable || index === ports.length - 1) throw error;
      missed.push({ port, error });
    }
  }
  throw new Error("no port was given");
}

async function logMissed(name: string, port: number, error: TenkError, instead: number, log: Log): Promise<void> {
  if (error.code === "permission-denied") {
    log.warn("port not permitted, listening elsewhere", { name, port, instead, fix: FIX_FOR_RIGHTS });
    return;
  }
  const holder = await portHolder(port);
  const fix =
    holder === undefined
      ? `find its holder: sudo ss -ltnp "sport = :${port}"`
      : `stop ${holderText(holder)}, or set proxy.${name}`;
  log.warn("port in use, listening elsewhere", { name, port, by: holder && holderText(holder), instead, fix });
}

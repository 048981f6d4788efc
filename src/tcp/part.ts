import type { Address, Listening, Part, PartType } from "../part/mod.ts";
import {
  checkListeners,
  Listeners,
  logFields,
  type RunningListener,
  TCP_SCHEMA,
  type TcpConfig,
  watchModules,
} from "./listeners/mod.ts";
import {
  connectionRoutes,
  gatherTcpMetrics,
  RelayReader,
  type TcpView,
  tcpMetrics,
  tcpTables,
} from "./monitoring/mod.ts";

/** The part `tcp:` serves listeners for raw connections, each with a handler. */
export const tcp = {
  name: "tcp" as const,
  schema: TCP_SCHEMA,
  foremostSettings: /^[^.]+\.(listen|handler|workers)$/,
  opaqueSettings: /^[^.]+\.options$/,
  statusTables: tcpTables,

  addresses(config) {
    return Object.entries(config).map(([name, { listen }]) => ({
      setting: `${name}.listen`,
      transport: "tcp",
      address: listen,
    }));
  },

  check(config, { folder }) {
    checkListeners({ config, folder });
  },

  async start(config, env): Promise<Part<TcpConfig, TcpView>> {
    const { log, autoPort, colour, folder } = env;
    const listeners = await Listeners.start({ config, folder }, { log, autoPort, colour });
    const running = () => listeners.running;
    const relays = new RelayReader();
    const watcher = env.watch ? watchModules(listeners, log) : undefined;
    return {
      listening: () => running().map(listeningOf),
      async prepare(next, { folder }) {
        const change = await listeners.prepare({ config: next, folder });
        return { ...change, commit: () => change.commit().then(() => watcher?.update()) };
      },
      metrics: tcpMetrics(() => running().map(countedOf)),
      gatherMetrics: () => gatherTcpMetrics(running()),
      status: async () => ({ listeners: await relays.read(running()) }),
      routes: connectionRoutes(running),
      async stop(graceMs) {
        watcher?.close();
        await listeners.stop(graceMs);
      },
    };
  },
} satisfies PartType<TcpConfig, TcpView>;

function countedOf({ name, server }: RunningListener) {
  return { name, counts: server.counts(), workerCounts: server.workerCounts() };
}

function listeningOf(listener: RunningListener): Listening {
  const { server } = listener;
  const address: Address = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
  const { name, address: _, ...facts } = logFields(listener);
  return { name: String(name), address, facts };
}

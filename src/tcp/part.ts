import { listeningOf } from "../listener/mod.ts";
import type { Part, PartType } from "../part/mod.ts";
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
  // Who describes services, or another part, has not asked for a sink that is open to everybody.
  usesServices: false,
  runsUnnamed: (services, others) => services.length === 0 && others.length === 0,
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

  check(config, { folder, domain }) {
    checkListeners({ config, folder, domain });
  },

  async start(config, env): Promise<Part<TcpConfig, TcpView>> {
    const { log, autoPort, colour, folder, domain, certificates } = env;
    const listeners = await Listeners.start({ config, folder, domain }, { log, autoPort, colour, certificates });
    const running = () => listeners.running;
    const relays = new RelayReader();
    const shareTopics = () => env.topics.share(new Map(running().map(({ name, server }) => [name, server])));
    shareTopics();
    const watcher = env.watch ? watchModules(listeners, log) : undefined;
    return {
      listening: () => running().map((each) => listeningOf(each, logFields(each))),
      async prepare(next, { folder, domain }) {
        const change = await listeners.prepare({ config: next, folder, domain });
        const done = () => {
          shareTopics();
          watcher?.update();
        };
        return { ...change, commit: () => change.commit().then(done) };
      },
      metrics: tcpMetrics(() => running().map(countedOf)),
      gatherMetrics: () => gatherTcpMetrics(running()),
      status: async () => ({ listeners: await relays.read(running()) }),
      routes: connectionRoutes(running),
      async stop(graceMs) {
        watcher?.close();
        env.topics.share(new Map());
        await listeners.stop(graceMs);
      },
    };
  },
} satisfies PartType<TcpConfig, TcpView>;

function countedOf({ name, server }: RunningListener) {
  return { name, counts: server.counts(), workerCounts: server.workerCounts() };
}

import { TenkError } from "../../../src/base/mod.ts";
import { type Connection, listen, type Server } from "../../../src/net/mod.ts";
import { address, duration, type Part, type PartType, section, text } from "../../../src/part/mod.ts";

const schema = section({
  listen: address("127.0.0.1"),
  greeting: text("a greeting").default("hello"),
  patience: duration.default(90_000),
}).optional();

type Config =
  | { listen: { host: string; port: number } | { path: string }; greeting: string; patience: number }
  | undefined;

interface View {
  greeting: string;
  greeted: number;
}

export const toy = {
  name: "toy" as const,
  schema,
  panel: {
    title: "Greetings",
    charts: [
      {
        title: "Greetings a second",
        unit: "perSecond",
        series: [{ name: "tenk_toy_greetings_total", label: "greetings" }],
      },
    ],
  },
  foremostSettings: /^greeting$/,

  statusTables: ({ view }) => [
    {
      columns: [{ title: "greeting" }, { title: "greeted", align: "right" }],
      rows: [[{ text: view.greeting, tone: "good" }, `${view.greeted}`]],
    },
  ],

  addresses: (config) =>
    config === undefined ? [] : [{ setting: "listen", transport: "tcp", address: config.listen }],

  check(config) {
    if (config?.greeting === "goodbye") throw new TenkError("config", "Cannot greet with goodbye");
  },

  async start(config, { log }): Promise<Part<Config, View>> {
    let { greeting } = config!;
    let greeted = 0;
    const handler = {
      open(connection: Connection) {
        greeted += 1;
        connection.write(`${greeting}\n`);
      },
    };
    const server: Server = await listen({ ...config!.listen, name: "toy" }, handler);
    return {
      listening: () => [{ name: "door", address: { host: server.host, port: server.port }, facts: { greeting } }],
      async prepare(next) {
        if (next?.greeting === "no") throw new TenkError("config", "Cannot greet with no");
        return {
          async commit() {
            greeting = next!.greeting;
            log.info("greeting changed", { greeting });
          },
          async drop() {},
        };
      },
      metrics: [
        { name: "tenk_toy_greetings_total", help: "Greetings.", type: "counter", read: (report) => report(greeted) },
      ],
      gatherMetrics: async () => [],
      status: async () => ({ greeting, greeted }),
      routes: {
        greeting: {
          get: () => ({ greeting }),
          post: (body) => {
            greeting = String((body as { greeting: unknown }).greeting);
            return { greeting };
          },
        },
      },
      stop: (graceMs) => server.stop({ graceMs }),
    };
  },
} satisfies PartType<Config, View>;

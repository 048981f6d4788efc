import { Conditions, type Part, type PartType } from "../part/mod.ts";
import { nodeSettings, PUBLISH_SCHEMA, type PublishConfig } from "./config.ts";
import { type PublishView, publishCondition, publishMetrics, publishTables, publishView } from "./monitoring.ts";
import { NodeLink } from "./node-link.ts";
import type { NodeSettings } from "./settings.ts";

/** The part `publish:` joins the topics of this process's listeners with those of other processes, through a NATS server. */
export const publish = {
  name: "publish" as const,
  schema: PUBLISH_SCHEMA,
  usesServices: false,
  statusTables: publishTables,
  addresses: () => [],

  check(config, { folder }) {
    if (config !== undefined) nodeSettings(config, folder);
  },

  async start(config, { folder, log, topics }): Promise<Part<PublishConfig | undefined, PublishView>> {
    const conditions = new Conditions();
    let settings = nodeSettings(config!, folder, log);
    let link = begin(settings);

    function begin(given: NodeSettings): NodeLink {
      const made = new NodeLink({ ...given, log, deliver: (...message) => topics.deliver(...message) });
      topics.carryBy(made);
      made.start();
      return made;
    }

    return {
      listening: () => [],
      async prepare(next, nextEnv) {
        const after = nodeSettings(next!, nextEnv.folder, log);
        return {
          async commit() {
            if (JSON.stringify(after) === JSON.stringify(settings)) return;
            const before = link;
            settings = after;
            link = begin(after);
            await before.stop();
          },
          async drop() {},
        };
      },
      metrics: publishMetrics(() => link),
      gatherMetrics: async () => [],
      problems() {
        conditions.take([publishCondition(link)], Date.now());
        return conditions.problems;
      },
      undecided: () => conditions.undecided,
      watches: (key) => key === "publish/nats",
      status: async () => publishView(link),
      async stop() {
        topics.carryBy(undefined);
        await link.stop();
      },
    };
  },
} satisfies PartType<PublishConfig | undefined, PublishView>;

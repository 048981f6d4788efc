import type { Part, PartType } from "../part/mod.ts";
import { CONTAINERS_SCHEMA, type ContainersConfig } from "./config.ts";
import { ContainerServices } from "./container-services.ts";
import {
  type ContainersView,
  containersMetrics,
  containersProblems,
  containersTables,
  containersView,
} from "./status.ts";

/** The part `containers:` follows the container engines of this machine: a container with labels is a service while it runs. */
export const containers = {
  name: "containers" as const,
  schema: CONTAINERS_SCHEMA,
  usesServices: false,
  statusTables: containersTables,
  addresses: () => [],
  check() {},

  async start(config, { offered, log }): Promise<Part<ContainersConfig | undefined, ContainersView>> {
    const found = new ContainerServices({ config: config!, offered, log });
    found.start();
    return {
      listening: () => [],
      async prepare(next) {
        return { commit: async () => found.change(next!), async drop() {} };
      },
      metrics: containersMetrics(found, offered),
      gatherMetrics: async () => [],
      status: async () => containersView(found, offered),
      undecided: () => (found.isDecided ? [] : ["service/*"]),
      problems: () => containersProblems(found, offered),
      async stop() {
        found.stop();
      },
    };
  },
} satisfies PartType<ContainersConfig | undefined, ContainersView>;

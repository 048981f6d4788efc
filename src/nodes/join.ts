import { hostname } from "node:os";
import { logOf } from "../base/mod.ts";
import type { TopicSource } from "../part/mod.ts";
import { type PublishView, publishView } from "./monitoring.ts";
import { NodeLink } from "./node-link.ts";
import { NODE_DEFAULTS, type NodeSettings } from "./settings.ts";

export type JoinNodesOptions = { readonly nats: string | readonly string[] } & Partial<Omit<NodeSettings, "servers">>;

/** A server that is joined with those of other processes. */
export interface NodesJoined {
  /** Returns whether it is connected, and what was sent, received, lost and dropped. */
  status(): PublishView;
  /** Parts it from the others; what waits is sent before. */
  leave(): Promise<void>;
}

/**
 * Joins the topics of a server with those of servers of the same name in other processes, through a NATS server. Returns at once, and connects
 * in the background, again and again: `status` has what was lost meanwhile.
 *
 * @example
 * import { joinNodes, listen } from "tenk";
 *
 * const server = await listen({ port: 7000, name: "chat" }, { open: (connection) => connection.subscribe("room") });
 * const nodes = joinNodes(server, { nats: "nats://10.0.0.2:4222" });
 */
export function joinNodes(server: TopicSource & { readonly name: string }, options: JoinNodesOptions): NodesJoined {
  const { nats, ...rest } = options;
  const link = new NodeLink({
    ...NODE_DEFAULTS,
    name: hostname(),
    ...rest,
    servers: [nats].flat(),
    log: logOf("publish"),
    deliver: (_, topic, message) => server.deliver(topic, message),
  });
  link.listenersChanged([server.name]);
  server.onPublish((topic, message) => link.publish(server.name, topic, message));
  link.start();
  return {
    status: () => publishView(link),
    async leave() {
      server.onPublish(undefined);
      await link.stop();
    },
  };
}

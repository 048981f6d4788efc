/** Layer 5: several tenk processes as one: what is published on one of them reaches subscribers on all, through a NATS server. */
export { type JoinNodesOptions, joinNodes, type NodesJoined } from "./join.ts";
export { publish } from "./part.ts";

/** A run on many machines: the controller's port, and the agents that dial in. */
export { type AgentOptions, runAgent } from "./agent.ts";
export { AGENTS_PORT } from "./messages.ts";
export { AgentPool, type PoolOptions } from "./pool.ts";
export { checkedKey, newKey } from "./proof.ts";

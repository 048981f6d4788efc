/** Several event loops on one port, each in a thread of its own: what starts them, talks to them and joins what they say. */
export { WorkerPool } from "./pool.ts";

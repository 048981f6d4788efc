/** The event loops of a run: one on this thread, or several on threads of their own. */
export {
  type AgentState,
  type AgentsState,
  type LoadState,
  type LoadWorkers,
  prepareLoadWorkers,
} from "./load-workers.ts";
export { serveLoadWorker } from "./serve-load-worker.ts";

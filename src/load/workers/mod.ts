/** The event loops of a run: one on this thread, or several on threads of their own. */
export { assembleCrew, type Crew, type CrewState } from "./load-workers.ts";

/** The event loops of a listener, here or on threads of the pool: what starts them, talks to them and joins what they say. */
export { WorkerGroup } from "./group.ts";
export { sharedThreads, ThreadPool, type ThreadVitals } from "./thread-pool.ts";

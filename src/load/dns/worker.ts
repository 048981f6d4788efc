/** The program of a load worker that asks DNS queries. Started by `prepareLoadWorkers`, never imported. */
import { serveLoadWorker } from "../workers/mod.ts";
import { dns } from "./protocol.ts";

serveLoadWorker(dns);

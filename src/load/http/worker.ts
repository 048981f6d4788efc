/** The program of a load worker that speaks HTTP. Started by `prepareLoadWorkers`, never imported. */
import { serveLoadWorker } from "../workers/mod.ts";
import { http } from "./protocol.ts";

serveLoadWorker(http);

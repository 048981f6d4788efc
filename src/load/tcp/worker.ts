/** The program of a load worker that speaks TCP. Started by `prepareLoadWorkers`, never imported. */
import { serveLoadWorker } from "../workers/mod.ts";
import { tcp } from "./protocol.ts";

serveLoadWorker(tcp);

/** The program of a load worker that speaks WebSocket. Started by `prepareLoadWorkers`, never imported. */
import { serveLoadWorker } from "../workers/mod.ts";
import { webSocket } from "./protocol.ts";

serveLoadWorker(webSocket);

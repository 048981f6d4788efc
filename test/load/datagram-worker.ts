/** The program of a load worker that sends datagrams. */
import { serveLoadWorker } from "../../src/load/workers/mod.ts";
import { datagrams } from "./datagram-protocol.ts";

serveLoadWorker(datagrams);

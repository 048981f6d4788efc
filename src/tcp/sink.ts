import type { Handler } from "../net/mod.ts";

/** Reads everything and keeps nothing: what a load test of connections and packets talks to. The listener counts. */
const sink: Handler = { keepsNoBytes: true, chunk() {} };

export default sink;

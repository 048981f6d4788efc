import type { Handler } from "../net/mod.ts";

/** Reads everything and keeps nothing: the peer of load tests. The listener counts. */
const sink: Handler = { keepsNoBytes: true, chunk() {} };

export default sink;

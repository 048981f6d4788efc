/** The parts of tenk, one line each. The rest of `app/` knows only their contract, `part/part.ts`. */

export { alerts } from "../alerts/mod.ts";
export { boxes } from "../boxes/mod.ts";
export { dns } from "../dns/mod.ts";
export { containers } from "../labels/mod.ts";
export { publish } from "../nodes/mod.ts";
export { probe } from "../probe/mod.ts";
export { proxy } from "../proxy/mod.ts";
export { tcp } from "../tcp/mod.ts";

/** The parts of tenk, a line each: all that `app/` knows of them is the contract in `part/part.ts`. */
export { tcp } from "../tcp/mod.ts";

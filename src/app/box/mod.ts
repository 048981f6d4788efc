/** What is wrong with the machine itself, as problems. */
export { type BoxWatch, type BoxWatchOptions, startBoxWatch } from "./box-watch.ts";
export { BOX_SCHEMA, type BoxConfig } from "./config.ts";
export { COOLING, POWER } from "./readings.ts";

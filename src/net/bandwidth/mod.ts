/** Bytes per second, of each connection and in all: pure but for its clock, which is the event loop's. */
export { Bandwidth, type BandwidthLimits, type Paced } from "./bandwidth.ts";
export type { Pace } from "./lane.ts";

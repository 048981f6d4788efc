/** Limits bytes per second, of each connection and in total. The arithmetic is pure; the event loop brings the clock. */
export { Bandwidth, type BandwidthLimits, kernelBytesOf, type Paced } from "./bandwidth.ts";
export { boundOf } from "./kernel.ts";
export type { Pace } from "./token-bucket.ts";

/** Bytes per second, of each connection and in all. The arithmetic is pure; the clock is the event loop's. */
export { Bandwidth, type BandwidthLimits, kernelBytesOf, type Paced } from "./bandwidth.ts";
export { boundOf } from "./kernel.ts";
export type { Pace } from "./token-bucket.ts";

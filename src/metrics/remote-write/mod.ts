/** Prometheus remote write 1.0: a protobuf message in Snappy's block format. */
export { snappy } from "./snappy.ts";
export { type TimedSample, timedSamples, writeRequest } from "./write-request.ts";

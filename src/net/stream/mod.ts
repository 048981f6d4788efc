/** Whole streams on connections: from one to another, from a file, and as web streams. */
export { type Pipe, type PipeOptions, type PipeResult, type PipeSide, pipe } from "./pipe.ts";
export { type SendFileOptions, sendFile } from "./send-file.ts";
export { type WebStreams, type WebStreamsOptions, webStreams } from "./web-streams.ts";

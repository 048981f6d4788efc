/** What a load test sends, and how it finds the reply. Pure: bytes in, bytes and counts out; time and randomness are arguments. */
export type { ExpressionOptions } from "./expression.ts";
export { compileFramed, type Framed, type FramedItem } from "./framed.ts";
export { MARKER_BYTES, MARKER_PREFIX } from "./marker.ts";
export { type MarkerFinder, messageMarkerFinder } from "./marker-finder.ts";
export { type CompileOptions, compileConstant, compileMessages, filesNamedIn, type MessageSource } from "./message.ts";
export { Pattern } from "./pattern.ts";
export { messagePreview } from "./preview.ts";
export type { RegexOptions } from "./regex-syntax.ts";
export { byAnyChunk, byDelimiter, byLength, byMarker, type ReplyFinder, type StopFinder, stopAt } from "./reply.ts";
export { SeededRandom } from "./seeded-random.ts";
export { canYield, type MessagePart } from "./template.ts";

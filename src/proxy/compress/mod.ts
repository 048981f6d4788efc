/** Compression of answers. */
export { type Coding, chooseCoding } from "./accept-encoding.ts";

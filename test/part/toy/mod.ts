/** A part as small as one can be: greets who connects. `test/part/toy.test.ts` adds it to a copy of the source. */
export { toy } from "./part.ts";

/** Floor 5: words into options, results into text; one file per command. */
export { run } from "./program.ts";

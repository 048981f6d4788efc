/** Layer 7: parses arguments and prints results; one file per command. */
export { allCommands, run } from "./program.ts";

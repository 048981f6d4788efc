import { type Handler, register } from "../../src/mod.ts";

register("asked-handler", () => "registered");

/** An echo that has options, for tests of questions to workers. */
export default function make(options: unknown): Handler {
  let current = options as { answer: unknown };
  return {
    chunk: (connection, bytes) => connection.write(bytes),
    configure(given) {
      if (typeof (given as { answer: unknown }).answer !== "string") throw new Error("answer must be text");
      return () => {
        current = given as { answer: string };
      };
    },
    report: () => current,
  };
}

import type { Handler } from "../../src/net/mod.ts";

/** Has options. On "?" it holds its event loop for 600 ms, on "!" it ends it. */
export default function make(options: unknown): Handler {
  let current = options;
  return {
    chunk(_, bytes) {
      if (bytes[0] === 33) process.exit(1);
      const untilMs = performance.now() + 600;
      while (performance.now() < untilMs);
    },
    configure(given) {
      return () => {
        current = given;
      };
    },
    report: () => current,
  };
}

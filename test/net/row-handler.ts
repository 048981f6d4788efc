import type { Handler } from "../../src/net/mod.ts";

/** Counts chunks (0), bytes (1) and open connections (2). On "!" it ends its event loop. */
export default function make({ step = 1 }: { step?: number }): Handler {
  let row = new Float64Array(0);
  return {
    counting(given) {
      if (step === 0) throw new Error("a step of 0 counts nothing");
      row = given as typeof row;
    },
    open() {
      row[2]! += 1;
    },
    chunk(connection, bytes) {
      row[0]! += step;
      row[1]! += bytes.length;
      if (bytes[0] === 33) process.exit(1);
      connection.write(bytes);
    },
    close() {
      row[2]! -= 1;
    },
  };
}

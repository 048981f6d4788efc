import type { Handler } from "../../src/mod.ts";

/** An echo in capitals, for tests of replaced handlers. */
const loud: Handler = {
  chunk: (connection, bytes) => connection.write(`${new TextDecoder().decode(bytes).toUpperCase()}!`),
};

export default loud;

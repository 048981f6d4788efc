import type { Handler } from "../../src/net/mod.ts";
import { lines } from "../../src/wire/mod.ts";

const decoder = new TextDecoder();

/** Does what its peer's lines say: `+topic` subscribes, `-topic` unsubscribes (both answer `.`), `topic text` publishes. */
const publishing: Handler = {
  framing: lines(),
  frame(connection, line) {
    const text = decoder.decode(line);
    const rest = text.slice(1);
    if (text.startsWith("+")) {
      connection.subscribe(rest);
      connection.write(".\n");
    } else if (text.startsWith("-")) {
      connection.unsubscribe(rest);
      connection.write(".\n");
    } else {
      const at = text.indexOf(" ");
      connection.publish(text.slice(0, at), `${text.slice(at + 1)}\n`);
    }
  },
};

export default publishing;

import { type Handler, lines } from "tenk";

const QUESTION = 0x3f;

/** Counts lines; the line "?" is answered by the count since the last one. */
const counter: Handler<{ count: number }> = {
  framing: lines(),
  open(connection) {
    connection.data = { count: 0 };
  },
  frame(connection, line) {
    if (line.length !== 1 || line[0] !== QUESTION) {
      connection.data.count++;
      return;
    }
    connection.write(`${connection.data.count}\n`);
    connection.data.count = 0;
  },
};

export default counter;

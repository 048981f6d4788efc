// bun chat.ts PORT: every line goes to all others.
import { lines, listen } from "../../../src/mod.ts";

const ROOM = "room";
let withEnd = new Uint8Array(1024);

await listen(
  { host: "127.0.0.1", port: Number(process.argv[2]) },
  {
    framing: lines(),
    open(connection) {
      connection.subscribe(ROOM);
    },
    frame(connection, bytes) {
      if (withEnd.length <= bytes.length) withEnd = new Uint8Array(bytes.length * 2);
      withEnd.set(bytes);
      withEnd[bytes.length] = 0x0a;
      connection.publish(ROOM, withEnd.subarray(0, bytes.length + 1));
    },
  },
);

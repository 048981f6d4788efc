import { type Handler, lines } from "tenk";

const chat: Handler = {
  framing: lines({ maxBytes: 1000 }),
  open: (connection) => connection.subscribe("room"),
  frame: (connection, line) => connection.publish("room", `${connection.id}: ${new TextDecoder().decode(line)}\n`),
};

export default chat;

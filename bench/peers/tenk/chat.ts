import { type Handler, lines } from "tenk";

/** Every line goes to all others. */
const chat: Handler = {
  framing: lines({ keepEnd: true }),
  open: (connection) => connection.subscribe("room"),
  frame: (connection, line) => connection.publish("room", line),
};

export default chat;

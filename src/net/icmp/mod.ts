export { type EchoReply, type EchoSocket, openEchoSocket } from "./echo-socket.ts";

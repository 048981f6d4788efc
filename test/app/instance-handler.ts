import { counter, type Handler } from "../../src/mod.ts";

const packets = counter("box_packets_total", "Packets a box of a test received.");

const handler: Handler = { chunk: () => packets.inc() };

export default handler;

import { counter, type Handler } from "../../src/mod.ts";

const packets = counter("packets_received_total", "Packets received.");

const handler: Handler = { chunk: () => packets.inc() };

export default handler;

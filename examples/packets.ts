import { counter, type Handler } from "tenk";

const packets = counter("packets_received_total", "Packets received.");

export default { chunk: () => packets.inc() } satisfies Handler;

/** Where queries come in. */
export { type BlockSettings, ListBlocker } from "./list-blocker.ts";
export { type TcpDoorOptions, tcpDoor } from "./tcp-door.ts";
export { openUdpDoor, type UdpDoorOptions } from "./udp-door.ts";
export { HandedOver, type UdpStart } from "./udp-start.ts";

/** Sockets that a process is started with, by systemd or by the one that it replaces, and that it hands on itself. */
export {
  type Acceptor,
  addAcceptor,
  isAcceptingPaused,
  isHandedOver,
  noteHandedOn,
  pauseAccepting,
  resumeAccepting,
  startPaused,
} from "./accepting.ts";
export { duplicate } from "./descriptors.ts";
export { type HandedOn, handOn, takeHandedOn } from "./hand-on.ts";
export {
  claim,
  closeUnclaimed,
  inheritedAtPort,
  isFileOfSystemd,
  isInherited,
  release,
  shareOf,
  takeInherited,
  type Unclaimed,
} from "./inherited.ts";
export type { ListeningSocket, SocketKind, WantedAddress } from "./listening-socket.ts";
export { descriptorsOfSystemd } from "./systemd.ts";

/** What a probe asks, and what it makes of the answer. */

export { withBootGrace } from "./boot-grace.ts";
export { type ContainerCheck, checkContainer } from "./container-check.ts";
export { withContainerNote } from "./container-note.ts";
export { canonical, checkDns, type DnsCheck } from "./dns-check.ts";
export { checkFile, type FileCheck } from "./file-check.ts";
export { checkHandshake, type HandshakeCheck } from "./handshake-check.ts";
export { APPLICATIONS, type Application } from "./http-applications.ts";
export { checkHttp, type HttpCheck } from "./http-check.ts";
export { checkPing, PING_NOT_PERMITTED, type PingCheck } from "./ping-check.ts";
export { type RecognizingCheck, recognizingCheck } from "./recognizing-check.ts";
export { checkSql, type SqlCheck } from "./sql-check.ts";
export { checkSystemd, type SystemdCheck, type SystemdPlace } from "./systemd/mod.ts";
export { checkTcp, type TcpCheck } from "./tcp-check.ts";
export { checkTls, type TlsCheck } from "./tls-check.ts";

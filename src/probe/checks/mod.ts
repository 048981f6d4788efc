/** What a probe asks, and what it makes of the answer. */
export { checkHttp, type HttpCheck } from "./http-check.ts";
export { checkTcp, type TcpCheck } from "./tcp-check.ts";

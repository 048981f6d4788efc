/** The access log: a line for each request. */
export { AccessLog, type LoggedRequest, type LoggedResult, REOPEN } from "./access-log.ts";
export { type AccessLogOptions, accessLogSettings, FORMATS } from "./options.ts";
export { type LogRotation, startRotation } from "./rotation.ts";

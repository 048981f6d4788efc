/** HTTP/1.1 connections of clients. */
export { httpServer } from "./http1-server.ts";
export { HTTP_SERVER_DEFAULTS, type HttpServerOptions } from "./options.ts";

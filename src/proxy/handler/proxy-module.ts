import { Http2Server, httpServer } from "../../http/mod.ts";
import type { Handler } from "../../net/mod.ts";
import type { ProxyOptions } from "./options.ts";
import { ProxyHandler } from "./proxy-handler.ts";

/** The module of the proxy's listeners: every event loop makes its handler of `ListenOptions.handlerOptions`. */
export default function proxyModule(given: unknown): Handler {
  const options = given as ProxyOptions;
  const proxy = new ProxyHandler(options);
  const { headTimeoutMs, bodyTimeoutMs, keepAliveMs, maxHeadBytes, maxFields } = options.server;
  const http2 = new Http2Server(proxy, {
    ...(headTimeoutMs !== undefined && { headTimeoutMs }),
    ...(bodyTimeoutMs !== undefined && { stallTimeoutMs: bodyTimeoutMs }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
    ...(maxHeadBytes !== undefined && { maxHeadBytes }),
    ...(maxFields !== undefined && { maxFields }),
  });
  return Object.assign(httpServer(proxy, { ...options.server, http2: http2 as Handler<never> }) as Handler, {
    counting: (row: Float64Array) => proxy.counting(row),
    report: () => proxy.report(),
    configure: (next: unknown) => proxy.configure(next as ProxyOptions),
    stopped: () => proxy.stopped(),
  });
}

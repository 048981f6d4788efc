import { httpServer } from "../../http/mod.ts";
import type { Handler } from "../../net/mod.ts";
import type { ProxyOptions } from "./options.ts";
import { ProxyHandler } from "./proxy-handler.ts";

/** The module of the proxy's listeners: every event loop makes its handler of `ListenOptions.handlerOptions`. */
export default function proxyModule(given: unknown): Handler {
  const options = given as ProxyOptions;
  const proxy = new ProxyHandler(options);
  return Object.assign(httpServer(proxy, options.server) as Handler, {
    counting: (row: Float64Array) => proxy.counting(row),
    report: () => proxy.report(),
    configure: (next: unknown) => proxy.configure(next as ProxyOptions),
    stopped: () => proxy.stopped(),
  });
}

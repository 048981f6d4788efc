import { Http2Server, type Http2ServerOptions, httpServer } from "../../http/mod.ts";
import type { Handler } from "../../net/mod.ts";
import type { ProxyOptions } from "./options.ts";
import { ProxyHandler } from "./proxy-handler.ts";

/** The module of the proxy's listeners: every event loop makes its handler of `ListenOptions.handlerOptions`. */
export default function proxyModule(given: unknown): Handler {
  const options = given as ProxyOptions;
  const proxy = new ProxyHandler(options);
  const http2 = new Http2Server(proxy, http2Options(options));
  const http1 = httpServer(proxy, { ...options.server, http2: http2 as Handler<never> }) as Handler;
  const configureServers = http1.configure!.bind(http1);
  return Object.assign(http1, {
    counting: (row: Float64Array) => proxy.counting(row),
    report: () => proxy.report(),
    configure(given: unknown) {
      const next = given as ProxyOptions;
      // The proxy comes last, since it opens targets of what it has accepted.
      const servers = [configureServers(next.server) as () => void, http2.configure(http2Options(next))];
      const takeProxy = proxy.configure(next);
      const take = () => {
        for (const each of servers) each();
        takeProxy();
      };
      return Object.assign(take, { drop: () => takeProxy.drop?.() });
    },
    stopped: () => proxy.stopped(),
  });
}

function http2Options({ server }: ProxyOptions): Http2ServerOptions {
  const { headTimeoutMs, bodyTimeoutMs, keepAliveMs, maxHeadBytes, maxFields } = server;
  return {
    ...(headTimeoutMs !== undefined && { headTimeoutMs }),
    ...(bodyTimeoutMs !== undefined && { stallTimeoutMs: bodyTimeoutMs }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
    ...(maxHeadBytes !== undefined && { maxHeadBytes }),
    ...(maxFields !== undefined && { maxFields }),
  };
}

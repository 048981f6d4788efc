import type { Head } from "../../wire/http1/mod.ts";
import type { Exchange, ExchangeHandler } from "../exchange.ts";
import { FetchExchange } from "./fetch-exchange.ts";
import { requestHead } from "./request-of.ts";

/** A request, and who sent it. */
export interface FetchedRequest {
  readonly request: Request;
  /** The address of the client. */
  readonly peer: string;
  /** Call it before an answer that is a stream: it is passed on as it comes, instead of as a whole with its length. */
  readonly stayOpen: () => void;
}

export interface FetchOptions {
  /** Longest content of a request: 413. 0 = no limit. @default {0} */
  readonly maxBodyBytes?: number;
  /** Called with what `fetch` or the stream of an answer threw. @returns the answer, where none has begun */
  readonly failed: (error: unknown) => Response;
}

/**
 * Returns a handler for `httpServer` that answers a `Request` by a `Response`, as browsers and many servers have it. For
 * requests of people and programs that ask now and then: it allocates freely, unlike the handlers of the proxy.
 *
 * ```text
 *   await listen({ port: 8080, halfOpen: true }, httpServer(fetchHandler(
 *     async ({ request }) => new Response(`you asked for ${request.url}`),
 *     { failed: () => new Response("it failed", { status: 500 }) },
 *   )));
 * ```
 */
export function fetchHandler(
  fetch: (request: FetchedRequest) => Promise<Response>,
  { maxBodyBytes = 0, failed }: FetchOptions,
): ExchangeHandler<FetchExchange> {
  async function answer(exchange: Exchange<FetchExchange>, state: FetchExchange, incoming: FetchedRequest) {
    try {
      await state.answer(await fetch(incoming));
    } catch (error) {
      const response = failed(error);
      // A head that was sent leaves nothing but to break off, which it is already.
      if (exchange.firstByteMs === 0) await state.answer(response);
      else await response.body?.cancel();
    }
  }

  return {
    request(exchange, head: Head, bytes) {
      const state = new FetchExchange(exchange);
      exchange.data = state;
      if (!exchange.limitBody(maxBodyBytes)) return;
      const { method, url, headers } = requestHead(head, bytes);
      const init = { method, headers, body: state.content(), signal: state.signal, duplex: "half" };
      let request: Request;
      try {
        request = new Request(url, init as RequestInit);
      } catch {
        // Such as TRACE, and content with a GET.
        exchange.fail(405);
        return;
      }
      const { remoteAddress } = exchange.client.connection;
      void answer(exchange, state, {
        request,
        peer: remoteAddress,
        stayOpen() {
          state.isStream = true;
        },
      });
    },
    body: ({ data }, bytes) => data.received(bytes),
    bodyEnd: ({ data }) => data.contentEnded(),
    drain: ({ data }) => data.drain(),
    finished: ({ data }) => data.finished(),
  };
}

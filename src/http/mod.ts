/** Layer 3: HTTP on the connections of `net/`, as a server and as a client of targets. */
export { ErrorFormat, type ErrorPage, errorFormat, errorPage } from "./error-page.ts";
export {
  BodyFraming,
  type ClientConnection,
  Exchange,
  type ExchangeHandler,
  type HeadWriter,
  OUTCOMES,
  type Outcome,
} from "./exchange.ts";

/** Layer 3: HTTP on the connections of `net/`, as a server and as a client of targets. */
export {
  BodyFraming,
  type ClientConnection,
  Exchange,
  type ExchangeHandler,
  type FieldSet,
  type HeadWriter,
  OUTCOMES,
  type Outcome,
} from "./exchange.ts";

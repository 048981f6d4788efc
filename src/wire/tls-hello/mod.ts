/** The first message of TLS: what a client says in the clear before anything is agreed on. */
export {
  type ClientHello,
  type ReadClientHelloOptions,
  readClientHello,
  TLS_HELLO_REFUSALS,
  type TlsHelloRefusal,
} from "./client-hello.ts";

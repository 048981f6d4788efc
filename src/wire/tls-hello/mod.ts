/** The first message of TLS, which a client sends unencrypted. */
export {
  type ClientHello,
  type ReadClientHelloOptions,
  readClientHello,
  TLS_HELLO_REFUSALS,
  type TlsHelloRefusal,
} from "./client-hello.ts";

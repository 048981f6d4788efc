import { connect } from "node:http2";
import { request } from "node:https";

/** A request over TLS to a proxy of this machine. Its certificate is not verified. */
export interface Asked {
  readonly method?: string;
  readonly host: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request as soon as the content has this. @default {once it is complete} */
  readonly until?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export type Asker = (asked: Asked) => Promise<Answered>;

export function overHttp1(port: number): Asker {
  return ({ method = "GET", host, path, headers, body, until }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          servername: host.replace(/:\d+$/, "").replace(/\.$/, ""),
          rejectUnauthorized: false,
          agent: false,
          method,
          path,
          headers: { host, ...headers, ...(body !== undefined && { "content-length": `${body.length}` }) },
        },
        (answer) => {
          let text = "";
          const done = () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers as never, body: text });
          answer.on("data", (chunk) => {
            text += chunk;
            if (until === undefined || !text.includes(until)) return;
            done();
            sent.destroy();
          });
          answer.on("end", done);
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
}

export function overHttp2(port: number): Asker {
  return ({ method = "GET", host, path, headers, body, until }) =>
    new Promise((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${port}`, {
        rejectUnauthorized: false,
        servername: host.replace(/:\d+$/, "").replace(/\.$/, ""),
      });
      session.on("error", reject);
      const stream = session.request({ ":method": method, ":path": path, ":authority": host, ...headers });
      let got: Answered["headers"] = {};
      let text = "";
      const done = () => {
        resolve({ status: Number(got[":status"]), headers: got, body: text });
        session.destroy();
      };
      stream.on("response", (given) => {
        got = given as never;
      });
      stream.on("data", (chunk: Buffer) => {
        text += chunk;
        if (until !== undefined && text.includes(until)) done();
      });
      stream.on("error", reject);
      stream.on("end", done);
      stream.end(body);
    });
}

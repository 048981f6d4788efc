import { afterEach } from "bun:test";
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from "node:tls";
import { DashboardLink } from "../../src/app/admin/mod.ts";
import { parseConfig } from "../../src/app/mod.ts";
import { changeTogether } from "../../src/app/reload.ts";
import { OwnResolver } from "../../src/part/mod.ts";
import { ProxyListeners } from "../../src/proxy/listeners/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { opened } from "../certificates/store-support.ts";

const open: { stop(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop(0)));
});

export const SERVICES = "app: { respond: one }";

/** What the listeners are made of, from the text of `proxy:` and `services:`. */
export function settings(proxy: string, services: string = SERVICES) {
  const text = `domain: home.arpa\nproxy: { names: [box.home.arpa], ${proxy} }\nservices: { ${services} }\n`;
  const loaded = parseConfig(text, "test.yaml");
  const slots = Object.fromEntries(loaded.services.map(({ name }, index) => [name, index + 1]));
  return {
    config: loaded.config.proxy!,
    services: loaded.services,
    domain: "home.arpa",
    localDomains: [],
    folder: "/",
    slots,
    accessLog: undefined,
  };
}

/** The proxy's listeners with a store of certificates, by the text of a configuration. */
export async function startListeners(proxy: string, services?: string, autoPort = false) {
  const store = await opened();
  const log = keptLog();
  const certificates = {
    declare: (...given: Parameters<typeof store.store.declare>) => store.store.declare(...given),
    httpChallenges: () => store.store.httpChallenges(),
    caPages: (url: string) => ({ "/ca": { headers: {}, body: url } }),
  };
  const dashboard = new DashboardLink();
  const resolver = new OwnResolver();
  const options = { log, certificates, dashboard, resolver, autoPort };
  const listeners = await ProxyListeners.start(settings(proxy, services), options);
  open.push(listeners);
  const server = (name: string) => listeners.running.find((each) => each.name === name)!.server;
  return {
    ...store,
    listeners,
    dashboard,
    resolver,
    server,
    /** Messages and what they are about. */
    said: () =>
      log.lines.map(([, message, fields]) => `${message} ${fields.name ?? ""} ${fields.changed ?? ""}`.trim()),
    log,
    reload: (proxy: string, services?: string) => changeTogether([() => listeners.prepare(settings(proxy, services))]),
  };
}

/** A TLS connection; its certificate is of the clock of the test's store, and not verified. */
export function tlsTo(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () =>
      resolve(socket),
    );
    socket.on("error", reject);
  });
}

/** Sends a text and resolves with what comes, once `isThere` holds or the connection ended. */
export function answered(socket: TLSSocket, text: string, isThere: (got: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const done = () => {
      socket.off("data", take);
      socket.off("close", done);
      resolve(got);
    };
    const take = (chunk: Buffer) => {
      got += chunk.toString("latin1");
      if (isThere(got)) done();
    };
    socket.on("data", take);
    socket.on("close", done);
    socket.write(text);
  });
}

/** What options of handlers follow from beside the configuration: nothing. */
export const NOW = {
  store: { declare: () => Promise.reject(new Error("no names")), httpChallenges: () => ({}), caPages: () => ({}) },
  dashboard: new DashboardLink(),
  resolver: new OwnResolver(),
  ports: new Map<string, number>(),
};

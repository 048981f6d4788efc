import type { Log } from "../../base/mod.ts";
import { listenAtFirst } from "../../listener/mod.ts";
import { listen, type PreparedChange, type Server, type ServerTlsOptions } from "../../net/mod.ts";
import type { Address, CertificateDeclaration, Certificates } from "../../part/mod.ts";
import type { ProxyConfig } from "../config.ts";
import {
  certificateNames,
  handlerOptions,
  type ListenerName,
  limitsOf,
  listenOptions,
  PROXY_MODULE,
  type ProxySettings,
  tlsOptions,
} from "./listener-options.ts";

/** How long connections of a listener that left the configuration may take. */
const GRACE_MS = 10_000;
const USUAL_PORTS: Readonly<Record<ListenerName, readonly number[]>> = { https: [443, 8443, 0], http: [80, 8080, 0] };

type Settings = Omit<ProxySettings, "challenges">;

/** What was configured for a listener, and the server that listens there. */
interface Running {
  readonly name: ListenerName;
  readonly setting: ProxyConfig["https"];
  readonly server: Server;
}

export interface ProxyListenersOptions {
  readonly log: Log;
  readonly certificates: Certificates;
  /** Take a free port where a configured one is in use. */
  readonly autoPort: boolean;
}

/** The two listeners of the proxy, with the certificates that they serve. */
export class ProxyListeners {
  readonly #options: ProxyListenersOptions;
  #settings: Settings;
  #declaration: CertificateDeclaration;
  #running: readonly Running[] = [];
  #isStopping = false;

  private constructor(options: ProxyListenersOptions, settings: Settings, declaration: CertificateDeclaration) {
    this.#options = options;
    this.#settings = settings;
    this.#declaration = declaration;
  }

  /** @throws {TenkError} why one cannot start; then nothing runs */
  static async start(settings: Settings, options: ProxyListenersOptions): Promise<ProxyListeners> {
    // A CA is told to look at a challenge only once both listeners can show it.
    const up = Promise.withResolvers<ProxyListeners | undefined>();
    const declaration = await options.certificates.declare(certificateNames(settings), {
      owner: "proxy",
      changed: async () => (await up.promise)?.serveCertificates(),
    });
    const listeners = new ProxyListeners(options, settings, declaration);
    try {
      await listeners.#startMissing(
        settings,
        declaration,
        (each) => (listeners.#running = [...listeners.#running, each]),
      );
      up.resolve(listeners);
      return listeners;
    } catch (error) {
      up.resolve(undefined);
      await listeners.stop(0);
      throw error;
    }
  }

  get running(): readonly Running[] {
    return this.#running;
  }

  get servers(): Server[] {
    return this.#running.map(({ server }) => server);
  }

  /** Certificates or challenges changed: event loops get them, open connections keep what they have. */
  async serveCertificates(): Promise<void> {
    await Promise.all(
      this.#running.map((each) =>
        this.#prepareRunning(each, this.#settings, this.#declaration).then((change) => change.commit()),
      ),
    );
  }

  /** @throws {TenkError} why it cannot change; then nothing has */
  async prepare(settings: Settings): Promise<PreparedChange> {
    const declaration = await this.#options.certificates.declare(certificateNames(settings), {
      owner: "proxy",
      changed: async () => this.serveCertificates(),
    });
    const staying = this.#running.filter(({ name, setting }) => isSame(setting, settings.config[name]));
    const started: Running[] = [];
    const prepared: PreparedChange[] = [];
    const drop = async () => {
      declaration.close();
      await Promise.all([
        ...prepared.map((each) => each.drop()),
        ...started.map(({ server }) => server.stop({ graceMs: 0 })),
      ]);
    };
    try {
      await this.#startMissing(settings, declaration, (each) => started.push(each), staying);
      const securePort = portOf([...staying, ...started]);
      for (const each of staying) prepared.push(await this.#prepareRunning(each, settings, declaration, securePort));
    } catch (error) {
      await drop();
      throw error;
    }
    return { drop, commit: () => this.#commit(settings, declaration, staying, started, prepared) };
  }

  /** Connections have `graceMs` to finish. A second call closes them at once. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.servers.map((server) => server.stop({ graceMs })));
    this.#declaration.close();
  }

  async #commit(
    settings: Settings,
    declaration: CertificateDeclaration,
    staying: readonly Running[],
    started: readonly Running[],
    prepared: readonly PreparedChange[],
  ): Promise<void> {
    await Promise.all(prepared.map((each) => each.commit()));
    const gone = this.#running.filter((each) => !staying.includes(each));
    for (const { name, server } of gone) {
      this.#options.log.info("listener stopping", { name, address: server.address, open: server.counts().active });
      void server.stop({ graceMs: GRACE_MS });
    }
    this.#declaration.close();
    this.#declaration = declaration;
    this.#settings = settings;
    this.#running = [...staying, ...started];
    if (this.#isStopping) await Promise.all(started.map(({ server }) => server.stop({ graceMs: 0 })));
  }

  /** Starts what is configured and not in `staying`: HTTPS first, since redirects name its port. */
  async #startMissing(
    settings: Settings,
    declaration: CertificateDeclaration,
    add: (running: Running) => void,
    staying: readonly Running[] = [],
  ): Promise<void> {
    const all = [...staying];
    for (const name of ["https", "http"] as const) {
      const setting = settings.config[name];
      if (setting === "off" || staying.some((each) => each.name === name)) continue;
      const options = handlerOptions(this.#withChallenges(settings), name === "http" ? portOf(all) : undefined);
      const tls = name === "https" ? tlsOptions(settings.config, declaration.tls) : undefined;
      const server = await this.#listen(name, setting, (address) =>
        listen(listenOptions(name, address, settings.config, options, tls), PROXY_MODULE),
      );
      const running = { name, setting, server };
      all.push(running);
      add(running);
    }
  }

  #listen(
    name: ListenerName,
    setting: Exclude<ProxyConfig["https"], "off">,
    start: (address: Address) => Promise<Server>,
  ) {
    const { log, autoPort } = this.#options;
    if (setting !== "auto" && "path" in setting) return start(setting);
    const { host, ports } =
      setting === "auto"
        ? { host: "0.0.0.0", ports: USUAL_PORTS[name] }
        : { host: setting.host, ports: [setting.port, ...(autoPort ? [0] : [])] };
    return listenAtFirst({ name, host, ports, setting: `proxy.${name}`, log }, (port) => start({ host, port }));
  }

  #prepareRunning(
    { name, server }: Running,
    settings: Settings,
    declaration: CertificateDeclaration,
    securePort = portOf(this.#running),
  ): Promise<PreparedChange> {
    const tls: ServerTlsOptions | undefined =
      name === "https" ? tlsOptions(settings.config, declaration.tls) : undefined;
    return server.prepare({
      handlerOptions: handlerOptions(this.#withChallenges(settings), name === "http" ? securePort : undefined),
      limits: limitsOf(settings.config.limits),
      ...(tls && { tls }),
    });
  }

  #withChallenges(settings: Settings): ProxySettings {
    return { ...settings, challenges: this.#options.certificates.httpChallenges() };
  }
}

function portOf(running: readonly Running[]): number | undefined {
  return running.find(({ name }) => name === "https")?.server.port;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

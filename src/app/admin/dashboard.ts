import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Log, messageOf, TenkError } from "../../base/mod.ts";
import {
  formatAddress,
  isPasswordHash,
  isWildcard,
  logPortInUse,
  type PreparedChange,
  portHolder,
} from "../../part/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import { Access, type AccessOptions } from "./access.ts";
import { type AdminServer, serveAdmin } from "./admin-server.ts";
import type { DashboardLink } from "./dashboard-link.ts";
import { type AdminSources, adminRoutes } from "./routes.ts";
import type { SessionFile } from "./session-file.ts";
import { sharedToken } from "./shared-token.ts";
import type { Site } from "./site.ts";

type ListenAddress = LoadedConfig["config"]["dashboard"]["listen"];

export interface DashboardOptions {
  readonly loaded: LoadedConfig;
  readonly token: string;
  readonly sessionFile?: SessionFile | undefined;
  readonly sources: AdminSources;
  /** Is told where it listens. */
  readonly link: DashboardLink;
  readonly log: Log;
  /** Another process still owns the file of sessions: `thaw` follows. @default {false} */
  readonly startsFrozen?: boolean;
}

/** How long a stop waits for the file of sessions. */
const WRITE_TIMEOUT_MS = 1000;

/** A port of this process that has to be closed before it can be opened again. */
const OURS = Symbol("ours");

/** The dashboard's port, with its access rules; a reload may change both. */
export class Dashboard {
  readonly #access: Access;
  readonly #options: Omit<DashboardOptions, "loaded">;
  #site: Site;
  #at: ListenAddress;
  #server!: AdminServer;
  #isStopped = false;
  /** Settled when the log tells that another port was taken, and by whom the configured one is held. */
  #logged: Promise<void> | undefined;

  /** @throws {TenkError} `config` for a password that cannot be used, `permission-denied`, `address-unavailable` */
  static async open(options: DashboardOptions): Promise<Dashboard> {
    const dashboard = new Dashboard(options);
    dashboard.#server = await dashboard.#serve(dashboard.#at);
    await dashboard.#logged;
    dashboard.#tellWhere();
    return dashboard;
  }

  private constructor({ loaded, ...options }: DashboardOptions) {
    this.#options = options;
    const { token, sessionFile: file, link, startsFrozen = false } = options;
    this.#access = new Access(accessOf(loaded, token), { file, link, startsFrozen });
    this.#site = siteOf(loaded);
    this.#at = loaded.config.dashboard.listen;
  }

  get url(): string {
    return `http://${formatAddress({ host: this.#at.host, port: this.#server.port })}${this.#site.basePath}`;
  }

  /** Leaves the file of sessions to another process, and ends all streams: pages connect again by themselves, to whoever accepts then. */
  async freeze(): Promise<void> {
    this.#options.sources.live.stop();
    await this.#options.sessionFile?.freeze();
  }

  /** Goes on after `freeze`; after a frozen start with the sessions of the process before. */
  thaw(): void {
    this.#options.sessionFile?.thaw();
    this.#access.thaw();
  }

  /**
   * Opens the port of a changed configuration. The access rules change with the commit.
   *
   * @param isListenerPort returns whether one of our listeners has a port, which it may leave before the commit
   * @throws {TenkError} `config`, `permission-denied`, `address-unavailable`; then nothing has changed
   */
  async prepare(loaded: LoadedConfig, isListenerPort: (port: number) => boolean): Promise<PreparedChange> {
    const access = accessOf(loaded, this.#options.token);
    const { listen } = loaded.config.dashboard;
    const isSameAddress = formatAddress(listen) === formatAddress(this.#at);
    const isOurs = listen.port === this.#server.port || isListenerPort(listen.port);
    const server = isSameAddress ? undefined : await this.#openAt(listen, isOurs);
    return {
      commit: async () => {
        // A page that may still watch reconnects by itself.
        if (this.#access.configure(access)) this.#options.sources.live.stop();
        this.#site = siteOf(loaded);
        if (server !== undefined) await this.#move(listen, server);
      },
      drop: async () => {
        if (server !== OURS) await server?.stop();
      },
    };
  }

  /** @returns `OURS` when the port is in use by this process: the dashboard's own under another host, or a listener's */
  async #openAt(where: ListenAddress, isOurs: boolean): Promise<AdminServer | typeof OURS> {
    if (where.port === 0 || !isOurs) return this.#serve(where);
    try {
      return await this.#serveAt(where.host, where.port);
    } catch (error) {
      if (!isInUse(error)) throw listenError(error, where);
    }
    await (await this.#serve({ ...where, port: 0 })).stop();
    return OURS;
  }

  async #move(where: ListenAddress, server: AdminServer | typeof OURS): Promise<void> {
    const before = this.#server;
    if (server === OURS) await before.stop();
    // A stop that came meanwhile has closed the previous server only.
    if (this.#isStopped) return server === OURS ? undefined : server.stop();
    this.#server = server === OURS ? await this.#serve(where) : server;
    this.#at = where;
    this.#tellWhere();
    this.#options.log.info("dashboard moved", { status: this.url });
    if (server !== OURS) await before.stop();
  }

  #tellWhere(): void {
    const { host } = this.#at;
    const reached = isWildcard(host) ? (host.includes(":") ? "::1" : "127.0.0.1") : host;
    this.#options.link.moveTo(`http://${formatAddress({ host: reached, port: this.#server.port })}`);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#server.stop();
    const written = this.#options.sessionFile?.settled();
    if (written !== undefined) await Promise.race([written, wait(WRITE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  /** Takes a free port when its own is in use: the dashboard must not keep the listeners from starting. */
  async #serve(where: ListenAddress): Promise<AdminServer> {
    try {
      return await this.#serveAt(where.host, where.port);
    } catch (error) {
      if (!isInUse(error) || where.port === 0) throw listenError(error, where);
      const server = await this.#serveAt(where.host, 0);
      this.#logged = this.#logPortInUse(where.port, server.port);
      return server;
    }
  }

  async #logPortInUse(port: number, instead: number): Promise<void> {
    logPortInUse(this.#options.log, { name: "dashboard", port, holder: await portHolder(port), instead });
  }

  /** @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable` */
  #serveAt(host: string, port: number): Promise<AdminServer> {
    const { sources, log } = this.#options;
    return serveAdmin({
      host,
      port,
      access: this.#access,
      site: () => this.#site,
      routes: adminRoutes(sources),
      log,
    });
  }
}

/** Checks the password, which only starting would read. @throws {TenkError} `config` */
export function checkDashboard(loaded: LoadedConfig): void {
  accessOf(loaded, "");
}

/** @throws {TenkError} `config` */
function accessOf({ config, folder }: LoadedConfig, token: string): AccessOptions {
  const { password, scrapers = [], proxies = [] } = config.dashboard;
  return {
    token,
    sharedToken: sharedToken({ config, folder }),
    passwordHash: password === undefined ? undefined : passwordHash(password, folder),
    scrapers,
    proxies,
    outerProxies: config.proxy?.trustedProxies ?? [],
  };
}

/** The message does not repeat the setting, which may be a password by mistake. */
function passwordHash(written: string, folder: string): string {
  if (isPasswordHash(written)) return written;
  const wrong = (why: string) =>
    new TenkError("config", `dashboard.password: ${why}`, { hint: "tenk password makes an argon2id hash" });
  if (written.startsWith("$")) throw wrong("it is no argon2id hash");
  let text: string;
  try {
    text = readFileSync(resolve(folder, written), "utf8").trim();
  } catch {
    throw wrong("it is neither an argon2id hash nor a file that can be read");
  }
  if (isPasswordHash(text)) return text;
  throw wrong("its file holds no argon2id hash");
}

function siteOf({ config, services }: LoadedConfig): Site {
  const { names = [], basePath = "/", frameAncestors = [] } = config.dashboard;
  const ours = services.filter(({ http }) => http?.answer.type === "dashboard");
  // A wildcard is no name that a page of ours would be opened under without the proxy.
  const hosts = ours.flatMap(({ hosts }) => hosts).filter((host) => !host.startsWith("*"));
  return {
    names: [...names.map((name) => name.toLowerCase()), ...hosts],
    basePath,
    frameAncestors,
    services: new Map(ours.map(({ name, http }) => [name, http!.paths])),
  };
}

function isInUse(error: unknown): boolean {
  return error instanceof TenkError && error.code === "port-in-use";
}

function listenError(error: unknown, address: ListenAddress): TenkError {
  const why = messageOf(error).replace(/^Cannot listen on \S+: /, "");
  const message = `Cannot serve the dashboard on ${formatAddress(address)}: ${why}`;
  const { code, hint } = error instanceof TenkError ? error : { code: "address-unavailable" as const, hint: undefined };
  return new TenkError(code, message, { cause: error, ...(hint !== undefined && { hint }) });
}

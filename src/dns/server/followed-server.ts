import { type Log, messageOf } from "../../base/mod.ts";
import type { CheckEnv, PreparedChange } from "../../part/mod.ts";
import type { DnsConfig } from "../config.ts";
import { Follower, withFollowed } from "../follow/mod.ts";
import type { DnsServer } from "./dns-server.ts";
import { type ServerSettings, serverSettings } from "./settings.ts";

interface Configured {
  readonly config: DnsConfig;
  readonly env: CheckEnv;
}

/** Gives a server the settings of its configuration, together with those of the name server that it follows. */
export class FollowedServer {
  readonly #options: { readonly dataFolder: string | undefined; readonly log: Log };
  #server: DnsServer | undefined;
  #follower: Follower | undefined;
  #now!: Configured;
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly dataFolder: string | undefined; readonly log: Log }) {
    this.#options = options;
  }

  /** @throws {TenkError} why the server cannot start */
  async start(
    config: DnsConfig,
    env: CheckEnv,
    start: (settings: ServerSettings) => Promise<DnsServer>,
  ): Promise<DnsServer> {
    this.#now = { config, env };
    this.#follower = await this.#followerOf(this.#now);
    const used = this.#follower?.settings;
    try {
      this.#server = await start(withFollowed(serverSettings(config, env), used));
      if (this.#follower?.settings !== used) this.#takeOverSoon(this.#follower!);
      return this.#server;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** @throws {TenkError} why it cannot change; then nothing has changed */
  async prepare(config: DnsConfig, env: CheckEnv): Promise<PreparedChange> {
    await this.#last;
    const next = { config, env };
    const isSame = JSON.stringify(config.follow) === JSON.stringify(this.#now.config.follow);
    const follower = isSame ? this.#follower : await this.#followerOf(next);
    const used = follower?.settings;
    try {
      const change = await this.#server!.prepare(withFollowed(serverSettings(config, env), used));
      return {
        ...change,
        commit: async () => {
          await change.commit();
          this.#now = next;
          if (!isSame) this.#follower?.stop();
          this.#follower = follower;
          if (follower?.settings !== used) this.#takeOverSoon(follower!);
        },
        drop: async () => {
          if (!isSame) follower?.stop();
          await change.drop();
        },
      };
    } catch (error) {
      if (!isSame) follower?.stop();
      throw error;
    }
  }

  stop(): void {
    this.#follower?.stop();
  }

  async #followerOf({ config, env }: Configured): Promise<Follower | undefined> {
    if (config.follow === undefined) return undefined;
    const follower: Follower = await Follower.start({
      ...this.#options,
      config: config.follow,
      folder: env.folder,
      changed: () => this.#takeOverSoon(follower),
    });
    return follower;
  }

  #takeOverSoon(follower: Follower): void {
    this.#last = this.#last.then(() => this.#takeOver(follower));
  }

  /** The other name server has other settings. What comes while this one starts or changes is looked at afterwards. */
  async #takeOver(follower: Follower): Promise<void> {
    if (this.#server === undefined || follower !== this.#follower) return;
    try {
      const { config, env } = this.#now;
      const change = await this.#server.prepare(withFollowed(serverSettings(config, env), follower.settings));
      await change.claim?.();
      await change.commit();
    } catch (error) {
      this.#options.log.error("settings of the other name server not taken over", { error: messageOf(error) });
    }
  }
}

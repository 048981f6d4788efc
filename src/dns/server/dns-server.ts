import { TenkError } from "../../base/mod.ts";
import type { PreparedChange } from "../../part/mod.ts";
import { ROOT } from "../../wire/dns/mod.ts";
import type { AnswerWriter } from "../answers/mod.ts";
import type { BuiltLists } from "../blocking/mod.ts";
import { CHAIN_COUNTS, Chain } from "../chain/mod.ts";
import { ClientNames } from "../client-names/mod.ts";
import { type DnsConfig, zoneName } from "../config.ts";
import { type SharedSettings, sharedSettings } from "../follow/mod.ts";
import { NO_GUARD } from "../guard/mod.ts";
import {
  beginUdpThread,
  type ChainOfThread,
  type ChainSettings,
  chainOf,
  type TcpListenerOptions,
  tcpListener,
} from "../listeners/mod.ts";
import { type DesignatedResolver, machineNetworks } from "../local/mod.ts";
import { type LogService, Transport } from "../log/mod.ts";
import type { Resolver } from "../resolver/mod.ts";
import { setupPages } from "../setup-page/mod.ts";
import { BlockListSet } from "./block-list-set.ts";
import { BlockingPause } from "./blocking-pause.ts";
import type { CacheFile } from "./cache-file.ts";
import { designatedResolvers } from "./designated-resolvers.ts";
import { DohServer } from "./doh-server.ts";
import { HouseClients } from "./house-clients.ts";
import { DnsListeners } from "./listeners.ts";
import { MdnsService } from "./mdns-service.ts";
import { MissAnswerer } from "./miss-answerer.ts";
import {
  blockAddresses,
  cacheFileOf,
  cacheScope,
  listSources,
  newCache,
  newResolver,
  resolverOptions,
  staleAtOnceSeconds,
} from "./options.ts";
import { resolverLookup } from "./resolver-lookup.ts";
import { ServerGuard } from "./server-guard.ts";
import {
  askInOwnZone,
  leaseFiles,
  logNames,
  logSettings,
  newServerLog,
  originOf,
  resolveLogged,
} from "./server-log.ts";
import type { ServerOptions } from "./server-options.ts";
import type { ServerSettings } from "./settings.ts";
import { setupFacts } from "./setup-facts.ts";
import { type Why, type WhyQuestion, whyOf } from "./why.ts";

/** Addresses come and go: by DHCP, with a cable, with a VPN. */
const NETWORKS_MS = 10_000;
/** How long questions of a former resolver may still be in flight. */
const RESOLVER_GRACE_MS = 10_000;

/**
 * The DNS server: listeners, the chain of each thread, block lists, the cache, and the resolver for what is not in it.
 *
 * ```text
 *   UDP threads ─► chain ─ MISS ══► resolver ─► upstreams
 *   TCP, TLS, ───► chain ─ MISS ──►     └─► cache, which all threads read
 *   HTTPS
 *        ▲
 *        └── ChainSettings: posted to all threads when the configuration, the lists or the machine's addresses change
 * ```
 */
export class DnsServer {
  readonly #options: ServerOptions;
  #settings: ServerSettings;
  readonly #counts: SharedArrayBuffer;
  #cache: AnswerWriter;
  #resolver: Resolver;
  #lists!: BlockListSet;
  #listeners!: DnsListeners;
  /** For the proxy, which terminates TLS. */
  #doh!: DohServer;
  /** The chain of this thread, for TCP, TLS and HTTPS. */
  #own!: ChainOfThread;
  /** Answers what chains cannot. */
  #misses!: MissAnswerer;
  #log!: LogService;
  readonly #clients: ClientNames;
  readonly #guard: ServerGuard;
  #postedRules: BuiltLists["rules"] | undefined;
  #networks = machineNetworks();
  #unsubscribe: () => void = () => {};
  /** Whether blocking is paused, and until when. */
  readonly pause = new BlockingPause(() => this.#post());
  /** What holds for some clients, and for which of them blocking is paused. */
  readonly houseClients = new HouseClients({
    clients: () => this.#settings.config.clients,
    // The first chain is made before there are names; the start posts once more.
    addressesOf: (name) => (this.#own === undefined ? [] : this.#clients.addressesNamed(name)),
    maskOf: (lists) => this.#lists.maskOf(lists),
    isBlocking: () => this.isBlocking,
    changed: () => this.#post(),
  });
  readonly mdns: MdnsService;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #file: CacheFile | undefined;

  private constructor(settings: ServerSettings, options: ServerOptions) {
    this.#settings = settings;
    this.#options = options;
    this.mdns = new MdnsService(options.log, options.webPorts, options.startsFrozen);
    // A row for each UDP thread, and one for this.
    this.#counts = new SharedArrayBuffer((settings.config.workers + 1) * CHAIN_COUNTS * 8);
    this.#cache = newCache(settings.config);
    this.#guard = new ServerGuard(options.log, () => this.#resolver.members, settings.config, this.#networks);
    this.#resolver = newResolver(settings, this.#cache, this.#guard.probeQuestion);
    this.#clients = new ClientNames({
      leases: leaseFiles(settings),
      local: () => ({ names: this.#own.parts.local, records: this.#settings.records }),
      announced: (address) => this.mdns.nameOf(address),
      ask: (query, done) => askInOwnZone(this.#resolver, query, done),
    });
    const kept = () => ({ config: this.#settings.config, answers: this.#cache });
    this.#file = cacheFileOf(options, kept);
    this.#timer = setInterval(() => {
      this.#lookAtNetworks();
      this.houseClients.look();
    }, NETWORKS_MS);
    this.#timer.unref();
  }

  /** @throws {TenkError} why it cannot start; then it has stopped everything that it started */
  static async start(settings: ServerSettings, options: ServerOptions): Promise<DnsServer> {
    const server = new DnsServer(settings, options);
    const thread = beginUdpThread();
    try {
      const { config, certificateNames } = settings;
      const { dataFolder, store, log, startsFrozen } = options;
      server.#lists = await BlockListSet.open({
        ...{ dataFolder, log, startsFrozen },
        sources: listSources(settings),
        maxBytes: config.blocking.maxMemory,
        lookup: resolverLookup(() => server.#resolver),
        changed: (built) => server.#listsChanged(built),
      });
      const names = logNames(server.#lists, server.#resolver);
      server.#log = newServerLog(config, { store, names, clients: server.#clients, startsFrozen });
      server.#makeOwnChain(server.#chainSettings(server.#lists.built.rules));
      server.#listeners = await DnsListeners.start({
        ...options,
        config,
        certificateNames,
        handler: server.#tcpHandler(config),
        start: () => server.#chainSettings(server.#lists.built.rules),
        missed: (bytes, asker) =>
          resolveLogged(server.#misses, server.#log, bytes, true, originOf(asker), (answer, length) => {
            server.#listeners.udp.answer(asker, answer, length);
          }),
        aged: (bytes) => server.#resolver.refresh(bytes),
        logHalfFull: () => server.#log.log.drain(),
        noticed: server.#guard.noticed,
        thread,
      });
      server.#lists.follow();
      const { message: maxQueryBytes, httpsPending: maxPending } = config.limits;
      server.#doh = await DohServer.start({ ...server.#streamOptions(), maxQueryBytes, maxPending });
      server.#offer();
      // Nobody waits for it.
      void server.#file?.start();
      void server.mdns.follow(settings);
      server.#unsubscribe = options.site.onEntry(() => server.#isReachedElsewhere());
      // Only now it is known where TLS listens.
      server.#post();
      return server;
    } catch (error) {
      thread.stop();
      await server.stop(0);
      throw error;
    }
  }

  get listeners(): DnsListeners {
    return this.#listeners;
  }

  get lists(): BlockListSet {
    return this.#lists;
  }

  get resolver(): Resolver {
    return this.#resolver;
  }

  get cache(): AnswerWriter {
    return this.#cache;
  }

  get settings(): ServerSettings {
    return this.#settings;
  }

  /** What those that follow this name server are told. */
  async shared(): Promise<SharedSettings> {
    return sharedSettings(this.#settings, await this.#lists.clickedLines(), this.#networks);
  }

  get log(): LogService {
    return this.#log;
  }

  get clients(): ClientNames {
    return this.#clients;
  }

  /** Tells how a name is answered, and what decides that. */
  why(question: WhyQuestion): Promise<Why> {
    const { lists, resolver, isBlocking } = this;
    return whyOf({ own: this.#own, lists, resolver, isBlocking }, question);
  }

  /** Names of lists are blocked now. */
  get isBlocking(): boolean {
    return this.#settings.config.blocking.enabled && !this.pause.isOn;
  }

  /** Counts of all threads, one row each: `CHAIN_COUNTS` doubles. */
  get counts(): Float64Array {
    return new Float64Array(this.#counts);
  }

  /** @throws {TenkError} why it cannot change; then nothing has changed */
  async prepare(next: ServerSettings): Promise<PreparedChange> {
    const before = this.#settings;
    if (next.config.log.memory !== before.config.log.memory)
      throw new TenkError("config", "Cannot change dns.log.memory while tenk runs", { hint: "restart tenk" });
    const isSame = (read: (settings: ServerSettings) => unknown) =>
      JSON.stringify(read(before)) === JSON.stringify(read(next));
    const hasSameCache = isSame(({ config }) => config.cache.size);
    const cache = hasSameCache ? this.#cache : newCache(next.config);
    const keepsResolver = hasSameCache && isSame((settings) => ({ ...resolverOptions(settings, cache), cache: 0 }));
    const { probeQuestion } = this.#guard;
    const resolver = keepsResolver ? this.#resolver : newResolver(next, cache, probeQuestion);
    const change = await this.#listeners.prepare(next.config, next.certificateNames).catch((error) => {
      if (!keepsResolver) resolver.stop();
      throw error;
    });
    return {
      ...change,
      commit: async () => {
        await change.commit();
        this.#settings = next;
        this.#cache = cache;
        if (!keepsResolver) this.#replaceResolver(resolver);
        this.#log.change(logSettings(next.config.log));
        if (!isSame(leaseFiles)) this.#clients.change(leaseFiles(next));
        // It has what other upstreams said about names of a zone, and private addresses that may not be given any more.
        if (!isSame(({ config }) => cacheScope(config))) cache.clear();
        // Files of the user's may have changed where their names have not.
        void (isSame(listSources) ? this.#lists.reread() : this.#lists.change(listSources(next)));
        this.#isReachedElsewhere();
        await this.mdns.follow(next);
      },
      drop: async () => {
        if (!keepsResolver) resolver.stop();
        await change.drop();
      },
    };
  }

  /** Writes what it keeps, downloads nothing, and says nothing by mDNS, until `thaw`. */
  async freeze(): Promise<void> {
    await Promise.all([this.mdns.freeze(), this.#lists.freeze(), this.#file?.freeze(), this.#log.freeze()]);
  }

  async thaw(): Promise<void> {
    this.#log.thaw();
    // Nobody waits for it.
    void this.#file?.thaw();
    void this.mdns.thaw();
    await this.#lists.thaw();
  }

  /** Stops it; connections have `graceMs` to finish. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    this.pause.stop();
    this.houseClients.stop();
    this.#guard.stop();
    this.#unsubscribe();
    this.#options.site.setOffer(undefined);
    await this.mdns.stop();
    await Promise.all([this.#listeners?.stop(graceMs), this.#doh?.stop(graceMs)]);
    this.#resolver.stop();
    this.#clients.stop();
    await Promise.all([this.#log?.stop(), this.#file?.stop(), this.#lists?.stop()]);
  }

  /** @param rules undefined for those that all threads have */
  #chainSettings(rules: BuiltLists["rules"] | undefined): ChainSettings {
    const { config, records, own } = this.#settings;
    const { memory, seed } = this.#lists.built;
    return {
      guard: this.#guard.settings(config, this.#networks),
      block: {
        ...{ pages: memory, seed, rules, lists: this.#lists.maskOf(undefined) },
        ...{ isPaused: !this.isBlocking, clients: this.houseClients.take() },
      },
      local: { records, own, networks: this.#networks, resolvers: this.#resolvers(), ttlSeconds: config.localTtl },
      cache: this.#cache.buffer as SharedArrayBuffer,
      ages: { staleSeconds: staleAtOnceSeconds(config) },
      counts: this.#counts,
      blockMode: config.blocking.mode,
      blockAddresses: blockAddresses(config),
      blockTtlSeconds: config.blocking.ttl,
      bypassSignals: config.bypassSignals,
      zones: Object.keys(config.zones)
        .map(zoneName)
        .filter(({ length }) => length > ROOT.length),
      logs: this.#log.rings,
    };
  }

  #resolvers(): DesignatedResolver[] {
    return designatedResolvers(this.#settings, this.#listeners?.streams ?? [], this.#options.site.entry);
  }

  /** Gives every thread what the chain is made of now. */
  #post(): void {
    this.#log.log.names = logNames(this.#lists, this.#resolver);
    const { rules } = this.#lists.built;
    const settings = this.#chainSettings(rules === this.#postedRules ? undefined : rules);
    this.#postedRules = rules;
    this.#makeOwnChain(settings);
    this.#listeners?.udp.post(settings);
  }

  #makeOwnChain(settings: ChainSettings): void {
    this.#guard.own.update(settings.guard);
    this.#own = chainOf(settings, this.#guard.own, undefined, this.#own?.blocker);
    const { chain, parts } = this.#own;
    // Targets of aliases are no queries of clients.
    const inner = { ...parts, guard: NO_GUARD, counts: new Float64Array(CHAIN_COUNTS), log: undefined };
    this.#misses = new MissAnswerer({ ...parts, chain, inner: new Chain(inner), resolver: this.#resolver });
  }

  /** Tells whoever serves HTTPS what there is to lead to. */
  #offer(): void {
    const isOn = this.#settings.config.https === "auto";
    const { site } = this.#options;
    const facts = setupFacts(this.#settings, this.#listeners, site.entry);
    site.setOffer({ doh: isOn ? this.#doh.target : undefined, pages: (url) => setupPages(facts, url) });
  }

  #isReachedElsewhere(): void {
    this.#post();
    this.#offer();
  }

  /** How listeners of this thread ask. */
  #streamOptions(): Pick<TcpListenerOptions, "chain" | "missed" | "aged"> {
    return {
      chain: () => this.#own.chain,
      missed: (bytes, { ip, transport = Transport.tcp }, reply) =>
        resolveLogged(this.#misses, this.#log, bytes, false, { ip, transport }, reply),
      aged: (bytes) => this.#resolver.refresh(bytes),
    };
  }

  #tcpHandler({ limits }: DnsConfig) {
    return tcpListener({
      ...this.#streamOptions(),
      maxPending: limits.pending,
      maxQueries: limits.queries,
      idleMs: limits.idle,
    });
  }

  #listsChanged({ summaries, refusedRules }: BuiltLists): void {
    this.#post();
    const rules = summaries.reduce((sum, summary) => sum + summary.rules, 0);
    this.#options.log.info("block lists built", { lists: summaries.length, names: this.#lists.names, rules });
    if (refusedRules > 0) this.#options.log.warn("rules left out, there are too many", { refused: refusedRules });
  }

  #lookAtNetworks(): void {
    const networks = machineNetworks();
    if (JSON.stringify(networks) === JSON.stringify(this.#networks)) return;
    this.#networks = networks;
    this.#options.log.info("addresses of this machine changed", { networks: networks.length });
    this.#isReachedElsewhere();
  }

  /** Questions in flight still end at the former one. */
  #replaceResolver(next: Resolver): void {
    const former = this.#resolver;
    this.#resolver = next;
    setTimeout(() => former.stop(), former.inFlight === 0 ? 0 : RESOLVER_GRACE_MS).unref();
  }
}

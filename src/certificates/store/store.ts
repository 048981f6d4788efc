import { TenkError } from "../../base/mod.ts";
import { checkedName, isAddress, isPublic } from "../names.ts";
import { Challenges } from "./challenges.ts";
import type {
  CertificateStatus,
  CertificateStore,
  Declaration,
  DeclaredTls,
  DeclareOptions,
  StoreOptions,
} from "./contract.ts";
import { ListenerDeclaration } from "./declaration.ts";
import type { Entry } from "./entry.ts";
import { Keeper } from "./keeper.ts";
import { storeMetrics } from "./metrics.ts";

const MAX_NAMES = 1000;
/** What the certificate for clients without a host name is always for. */
const LOOPBACK = ["127.0.0.1", "::1"];

/**
 * Opens the store of all listeners' certificates.
 *
 * ```text
 *   declare(names) ─► Entry for each certificate ─► Keeper: file? still good? ─► Issuer ─► file ─► changed(declaration)
 *                                                    ▲ every 30 s, and after each
 * ```
 */
export async function openCertificateStore(options: StoreOptions): Promise<CertificateStore> {
  const store = new Store(options);
  await store.keeper.open();
  return store;
}

class Store implements CertificateStore {
  readonly keeper: Keeper;
  readonly challenges: Challenges;
  readonly metrics: CertificateStore["metrics"];
  readonly #options: StoreOptions;
  readonly #declarations = new Set<ListenerDeclaration>();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.challenges = new Challenges(() =>
      Promise.all([...this.#declarations].map((declaration) => declaration.served())),
    );
    const acme = options.acme?.(this.challenges);
    this.keeper = new Keeper(options, acme, (entry) => this.#refresh(entry));
    this.metrics = storeMetrics(() => this.status(), this.keeper.counts);
  }

  async declare(names: readonly string[], options: DeclareOptions): Promise<Declaration> {
    const checked = [...new Set(names.map(checkedName))];
    this.#requireRoom(checked);
    const [byDefault, ...others] = this.#groups(checked).map((group) => this.keeper.acquire(group));
    const entries = [byDefault!, ...others];
    const declaration: ListenerDeclaration = new ListenerDeclaration(checked, entries, options, {
      log: this.keeper.log,
      compute: () => this.#tlsOf(byDefault!, others),
      closed: () => {
        this.#declarations.delete(declaration);
        this.keeper.release(entries);
      },
    });
    this.#declarations.add(declaration);
    await this.keeper.settle(entries);
    if (byDefault!.kept === undefined) {
      declaration.close();
      const { message = "the store is closed", fix } = byDefault!.lastError ?? {};
      throw new TenkError("tls-failed", `No certificate for ${options.owner}: ${message}`, fix ? { hint: fix } : {});
    }
    declaration.startReporting();
    return declaration;
  }

  status(): CertificateStatus[] {
    return this.keeper.status().sort((a, b) => (a.names[0]! < b.names[0]! ? -1 : 1));
  }

  httpChallenge(token: string): string | undefined {
    return this.challenges.http.get(token);
  }

  httpChallenges(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.challenges.http);
  }

  idle(): Promise<void> {
    return this.keeper.idle();
  }

  freeze(): Promise<void> {
    return this.keeper.freeze();
  }

  thaw(): void {
    this.keeper.thaw();
  }

  async close(): Promise<void> {
    for (const declaration of [...this.#declarations]) declaration.close();
    await this.keeper.close();
  }

  /**
   * Local addresses share the first certificate, since clients that connect to one name no host and cannot be told apart. No
   * other certificate has addresses: BoringSSL refuses one that has any below a CA with address ranges in its constraints. Each
   * host name has a certificate of its own, which clients get by SNI.
   */
  #groups(names: readonly string[]): string[][] {
    const isLocalAddress = (name: string) => isAddress(name) && !isPublic(name);
    const addresses = names.filter((name) => isLocalAddress(name) && !LOOPBACK.includes(name)).sort();
    const others = names.filter((name) => !isLocalAddress(name));
    return [[...LOOPBACK, ...addresses], ...others.map((name) => [name])];
  }

  #tlsOf(byDefault: Entry, others: readonly Entry[]): DeclaredTls {
    const ready = others.filter(({ kept }) => kept !== undefined);
    // Clients that connect to a public address name no host either, and can be offered one certificate only.
    const first = ready.find(({ names: [name] }) => isAddress(name!)) ?? byDefault;
    const byName = ready.filter(({ names: [name] }) => !isAddress(name!));
    return {
      ...first.kept!.certificate,
      names: Object.fromEntries(byName.map(({ names: [name], kept }) => [name!, kept!.certificate])),
      challenges: Object.fromEntries(this.challenges.tls),
    };
  }

  #requireRoom(names: readonly string[]): void {
    const all = new Set([...this.#declarations].flatMap((declaration) => declaration.names).concat(names));
    const { maxNames = MAX_NAMES } = this.#options;
    if (all.size <= maxNames) return;
    throw new TenkError("config", `Cannot have certificates for ${all.size} names: at most ${maxNames}`, {
      hint: "a wildcard such as *.home.arpa stands for many",
    });
  }

  /** Has the listeners with this certificate serve it. */
  async #refresh(entry: Entry): Promise<void> {
    const affected = [...this.#declarations].filter(({ entries }) => entries.includes(entry));
    await Promise.all(affected.map((declaration) => declaration.refresh()));
  }
}

import { afterAll } from "bun:test";
import { LocalCa } from "../../src/certificates/local/mod.ts";
import {
  type CertificateStatus,
  type CertificateStore,
  type ChallengeResponses,
  type Declaration,
  type IssuedCertificate,
  type IssueRequest,
  type Issuer,
  openCertificateStore,
  type RenewalWindow,
  type StoreOptions,
} from "../../src/certificates/mod.ts";
import { FakeClock, keptLog } from "./support.ts";

/** A public CA of the tests: it signs below `org`, and does what a test tells it to. */
export class FakeAcme implements Issuer {
  readonly name = "acme";
  readonly usesOurClock = false;
  readonly requests: IssueRequest[] = [];
  challenges!: ChallengeResponses;
  /** Called before each certificate is signed; throws to fail. */
  before: (request: IssueRequest) => unknown = () => undefined;
  window: RenewalWindow | undefined;
  windowsAsked = 0;
  readonly #ca: LocalCa;

  constructor(clock: FakeClock) {
    this.#ca = new LocalCa({ folder: undefined, clock, domains: ["org"], log: keptLog().log });
  }

  async issue(request: IssueRequest): Promise<IssuedCertificate> {
    this.requests.push(request);
    await this.before(request);
    return this.#ca.issue(request);
  }

  async renewalWindow(): Promise<RenewalWindow | undefined> {
    this.windowsAsked += 1;
    return this.window;
  }
}

export interface Opened {
  store: CertificateStore;
  clock: FakeClock;
  acme: FakeAcme;
  ca: LocalCa;
  lines: string[];
  fields: object[];
  /** Lets time pass, and waits for what that caused. */
  pass(ms: number): Promise<void>;
  /** Declares names; `changes` counts calls of `changed`. */
  declare(...names: string[]): Promise<{ declaration: Declaration; changes: Declaration[] }>;
}

export async function opened(
  folder?: string,
  options: Partial<StoreOptions> & { clock?: FakeClock } = {},
): Promise<Opened> {
  const clock = options.clock ?? new FakeClock();
  const { log, lines, fields } = keptLog();
  const acme = new FakeAcme(clock);
  const local = new LocalCa({ folder: folder && `${folder}/ca`, clock, log, hostname: "nas" });
  const withAcme = (challenges: ChallengeResponses) => {
    acme.challenges = challenges;
    return acme;
  };
  const own = { folder: folder && `${folder}/issued`, local, acme: withAcme, log };
  const store = await openCertificateStore({ ...own, ...options, clock });
  afterAll(() => store.close());
  return {
    ...{ store, clock, acme, ca: local, lines, fields },
    pass: (ms) => clock.pass(ms, () => store.idle()),
    async declare(...names) {
      const changes: Declaration[] = [];
      const declaration = await store.declare(names, { owner: "test", changed: (each) => void changes.push(each) });
      return { declaration, changes };
    },
  };
}

export function statusOf(store: CertificateStore, name: string): CertificateStatus {
  return store.status().find(({ names }) => names[0] === name)!;
}

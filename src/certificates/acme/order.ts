import { logOf, messageOf } from "../../base/mod.ts";
import type { IssuedCertificate } from "../issuer.ts";
import { alternatesOf, checkChain, leadsTo } from "./chain.ts";
import type { Solver } from "./challenges/mod.ts";
import type { AcmeClient } from "./client.ts";
import { AcmeError, type AcmeStep } from "./error.ts";
import { type Identifier, identifierOf } from "./identifiers.ts";
import type { Order } from "./messages.ts";
import { poll } from "./poll.ts";
import { problemOf } from "./problem.ts";
import { proveAll } from "./prove.ts";
import type { CaAnswer } from "./transport.ts";
import { certificateRequest } from "./x509.ts";

const log = logOf("certificates");

/** What is ordered. */
export interface OrderRequest {
  names: readonly string[];
  /** One of those that the directory lists, such as `shortlived`. @default the CA's choice */
  profile?: string | undefined;
  /** The certificate that this one will replace, as RFC 9773 names it. */
  replaces?: string | undefined;
  /** Common name of the root that the chain should lead to, where the CA offers several. */
  preferredChain?: string | undefined;
  /** In order of preference. */
  solvers: readonly Solver[];
  signal: AbortSignal;
}

/** One order, from the request to the certificate (RFC 8555 §7.4). @throws {AcmeError} naming the step that failed */
export async function runOrder(client: AcmeClient, request: OrderRequest): Promise<IssuedCertificate> {
  const { maxNames } = client.limits;
  if (request.names.length < 1 || request.names.length > maxNames) {
    throw new AcmeError("order", "", `it has ${request.names.length} names, expected 1 to ${maxNames}`);
  }
  const identifiers = request.names.map(identifierOf);
  await checkProfile(client, request);
  const placed = await placeOrder(client, identifiers, request);
  const run = new OrderRun(client, request, placed.url);
  if (placed.order.status === "pending") await proveAll(client, placed.order, identifiers, request);
  await run.until("validation", ["ready", "processing", "valid"], client.limits.validationMs);
  const { csr, key } = await certificateRequest(identifiers);
  const certificateUrl = await run.finalize(placed.order.finalize, csr);
  return { cert: await run.download(certificateUrl, key), key };
}

async function checkProfile(client: AcmeClient, { profile, signal }: OrderRequest): Promise<void> {
  if (profile === undefined) return;
  const { profiles } = await client.directory(signal);
  if (profiles.has(profile)) return;
  const known = [...profiles.keys()].join(", ");
  const fix = known === "" ? "this CA has no profiles: leave profile out" : `it has ${known}`;
  throw new AcmeError("order", client.directoryUrl, `the CA has no profile ${JSON.stringify(profile.slice(0, 64))}`, {
    fix,
  });
}

async function placeOrder(
  client: AcmeClient,
  identifiers: readonly Identifier[],
  request: OrderRequest,
): Promise<{ url: string; order: Order }> {
  const { profile, replaces, signal } = request;
  const { newOrder } = await client.directory(signal);
  const subject = request.names.join(", ");
  const payload = { identifiers, ...(profile === undefined ? {} : { profile }) };
  const send = (replaced: object) => client.post("order", newOrder, { ...payload, ...replaced }, { signal, subject });
  let answer: CaAnswer;
  try {
    answer = await send(replaces === undefined ? {} : { replaces });
  } catch (error) {
    if (replaces === undefined || !refusesReplacement(error)) throw error;
    // It only speeds a renewal up (RFC 9773 §5): none fails for it.
    log.info("ordering without replaces", { names: subject, reason: messageOf(error) });
    answer = await send({});
  }
  const order = client.read("order", newOrder, answer, (value) => client.reader.order(value, client.limits.maxNames));
  return { url: client.location("order", newOrder, answer), order };
}

/** RFC 9773 §7.4 has alreadyReplaced; a certificate that the CA does not know, or of another account, is malformed or unauthorized. */
function refusesReplacement(error: unknown): boolean {
  if (!(error instanceof AcmeError) || error.status === undefined) return false;
  const type = error.problem?.type ?? "";
  return error.status === 409 || ["alreadyReplaced", "malformed", "unauthorized"].includes(type);
}

class OrderRun {
  readonly #client: AcmeClient;
  readonly #request: OrderRequest;
  readonly #url: string;
  readonly #subject: string;

  constructor(client: AcmeClient, request: OrderRequest, url: string) {
    this.#client = client;
    this.#request = request;
    this.#url = url;
    this.#subject = request.names.join(", ");
  }

  /** Waits until the order has one of `states`. @throws {AcmeError} when it becomes invalid, or does not in time */
  async until(step: AcmeStep, states: readonly Order["status"][], totalMs: number, first?: CaAnswer): Promise<Order> {
    const client = this.#client;
    const read = (answer: CaAnswer) =>
      client.read(step, this.#url, answer, (value) => client.reader.order(value, client.limits.maxNames));
    const awaited = {
      step,
      subject: this.#subject,
      url: this.#url,
      totalMs,
      read,
      isDone: ({ status }: Order) => states.includes(status) || status === "invalid",
      describe: ({ status }: Order) => `the order is still ${status}`,
      signal: this.#request.signal,
    };
    const order = await poll(client, awaited, first);
    if (order.status !== "invalid") return order;
    throw new AcmeError(step, this.#subject, "the order became invalid", { problem: problemOf(order.error) });
  }

  /** @returns the URL of the certificate */
  async finalize(url: string, csr: string): Promise<string> {
    const { limits } = this.#client;
    const { signal } = this.#request;
    let answer: CaAnswer | undefined;
    try {
      answer = await this.#client.post("finalize", url, { csr }, { signal, subject: this.#subject, maxTries: 1 });
    } catch (error) {
      // The CA may have it although its answer was lost: the order says so. A request is never finalized twice unseen.
      if (!(error instanceof AcmeError) || !(error.isTransient || error.problem?.type === "orderNotReady")) throw error;
      log.warn("the CA's answer to a finalized order was lost", { names: this.#subject, reason: messageOf(error) });
      const { status } = await this.until("finalize", ["ready", "processing", "valid"], limits.finalizeMs);
      if (status === "ready")
        answer = await this.#client.post("finalize", url, { csr }, { signal, subject: this.#subject });
    }
    const { certificate } = await this.until("finalize", ["valid"], limits.finalizeMs, answer);
    if (certificate !== undefined) return certificate;
    throw new AcmeError("finalize", this.#subject, "the order is valid, but names no certificate");
  }

  /** @returns the checked chain */
  async download(url: string, key: string): Promise<string> {
    const first = await this.#fetchChain(url);
    const { preferredChain } = this.#request;
    const standard = checkChain(first.text, key, this.#request.names, Date.now());
    if (preferredChain === undefined || leadsTo(standard, preferredChain)) return standard;
    const alternates = alternatesOf(first.headers.get("link"), url).slice(0, this.#client.limits.maxAlternates);
    try {
      for (const alternate of alternates) {
        const { text } = await this.#fetchChain(this.#client.reader.url(alternate, "an alternate chain"));
        const chain = checkChain(text, key, this.#request.names, Date.now());
        if (leadsTo(chain, preferredChain)) return chain;
      }
    } catch (error) {
      log.warn("an alternate chain cannot be used", { names: this.#subject, reason: messageOf(error) });
    }
    log.warn("no chain leads to preferredChain: the CA's own choice is used", { names: this.#subject, preferredChain });
    return standard;
  }

  async #fetchChain(url: string): Promise<CaAnswer> {
    const options = {
      signal: this.#request.signal,
      accept: "application/pem-certificate-chain",
      subject: this.#subject,
    };
    const answer = await this.#client.post("download", url, undefined, options);
    const type = answer.headers.get("content-type") ?? "";
    if (/^application\/pem-certificate-chain\b/i.test(type)) return answer;
    throw new AcmeError(
      "download",
      url,
      `its answer is no certificate chain, but ${JSON.stringify(type.slice(0, 60))}`,
    );
  }
}

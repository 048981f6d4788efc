import { logOf, messageOf } from "../../base/mod.ts";
import type { Solver, Withdraw } from "./challenges/mod.ts";
import type { AcmeClient } from "./client.ts";
import { AcmeError } from "./error.ts";
import type { Identifier } from "./identifiers.ts";
import type { Authorization, Challenge, Order } from "./messages.ts";
import type { OrderRequest } from "./order.ts";
import { poll } from "./poll.ts";
import { problemOf } from "./problem.ts";
import type { CaAnswer } from "./transport.ts";

const log = logOf("certificates");

/** A name under proof. */
interface Pending {
  url: string;
  name: string;
  /** Without the `*.` of a wildcard: its parent is what the CA looks at. */
  identifier: Identifier;
  solver: Solver;
  challenge: Challenge;
}

/**
 * Proves every name of an order. All proofs are in place before the CA is told of the first: a domain and its wildcard share
 * one DNS name. Whatever happens, they are withdrawn at the end.
 *
 * @throws {AcmeError} steps `authorization`, `challenge`, `validation`
 */
export async function proveAll(
  client: AcmeClient,
  order: Order,
  identifiers: readonly Identifier[],
  request: OrderRequest,
): Promise<void> {
  const { signal } = request;
  const withdrawals: { name: string; withdraw: Withdraw }[] = [];
  try {
    const pending: Pending[] = [];
    for (const url of order.authorizations) {
      const chosen = await choose(client, url, identifiers, request);
      if (chosen === undefined) continue;
      withdrawals.push({ name: chosen.name, withdraw: await present(client, chosen, signal) });
      pending.push(chosen);
    }
    await Promise.all([...new Set(pending.map(({ solver }) => solver))].map((solver) => settle(solver, signal)));
    for (const each of pending) await respond(client, each, signal);
    for (const each of pending) await validated(client, each, signal);
  } finally {
    for (const { name, withdraw } of withdrawals.reverse()) {
      try {
        await withdraw();
      } catch (error) {
        log.warn("a challenge could not be removed", { name, reason: messageOf(error) });
      }
    }
  }
}

/** Returns how a name will be proved; undefined where the CA believes it already. */
async function choose(
  client: AcmeClient,
  url: string,
  identifiers: readonly Identifier[],
  { solvers, signal }: OrderRequest,
): Promise<Pending | undefined> {
  const answer = await client.post("authorization", url, undefined, { signal });
  const authorization = authorizationOf(client, url, answer);
  const { status, isWildcard, challenges } = authorization;
  const name = `${isWildcard ? "*." : ""}${authorization.identifier}`;
  const ordered = identifiers.find(({ value }) => value === name);
  if (ordered === undefined)
    throw new AcmeError("authorization", name, "the CA wants proof for a name that was not ordered");
  if (status === "valid") return undefined;
  if (status !== "pending") throw new AcmeError("authorization", name, `it is ${status}`);
  const identifier = { type: ordered.type, value: authorization.identifier };
  for (const solver of solvers) {
    const challenge = challenges.find(({ type }) => type === solver.kind);
    if (challenge !== undefined && solver.canProve(identifier, isWildcard))
      return { url, name, solver, challenge, identifier };
  }
  const offered = [...new Set(challenges.map(({ type }) => type))].join(", ");
  const fix = isWildcard ? "a wildcard needs dns-01: set its command" : "set up one of those, or choose another CA";
  throw new AcmeError(
    "authorization",
    name,
    `the CA offers ${offered || "no challenges"}, and none of those can be used here`,
    { fix },
  );
}

function authorizationOf(client: AcmeClient, url: string, answer: CaAnswer): Authorization {
  return client.read("authorization", url, answer, (value) => client.reader.authorization(value));
}

async function present(
  client: AcmeClient,
  { name, identifier, solver, challenge }: Pending,
  signal: AbortSignal,
): Promise<Withdraw> {
  const { token } = challenge;
  const { thumbprint } = await client.signer();
  try {
    return await solver.present({ identifier, token, keyAuthorization: `${token}.${thumbprint}` }, signal);
  } catch (error) {
    throw new AcmeError("challenge", name, messageOf(error), { challenge: solver.kind, cause: error });
  }
}

async function settle(solver: Solver, signal: AbortSignal): Promise<void> {
  await solver.settle?.(signal).catch((error) => {
    throw new AcmeError("challenge", "", messageOf(error), { challenge: solver.kind, cause: error });
  });
}

/** Tells the CA to look. Where its answer is lost, the authorization says whether it knows. */
async function respond(client: AcmeClient, pending: Pending, signal: AbortSignal): Promise<void> {
  const { url, name, challenge } = pending;
  for (let tries = 1; ; tries++) {
    try {
      await client.post("challenge", challenge.url, {}, { signal, subject: name, maxTries: 1 });
      return;
    } catch (error) {
      if (!(error instanceof AcmeError) || !error.isTransient || tries >= client.limits.maxTries) throw error;
      const answer = await client.post("authorization", url, undefined, { signal, subject: name });
      const { challenges } = authorizationOf(client, url, answer);
      if (challenges.some((each) => each.url === challenge.url && each.status !== "pending")) return;
      const askedMs = Math.min(error.retryAfterMs ?? 0, client.limits.maxRetryAfterMs);
      await client.wait("challenge", name, Math.max(client.limits.retryMs * 2 ** (tries - 1), askedMs), signal);
    }
  }
}

async function validated(
  client: AcmeClient,
  { url, name, solver, challenge }: Pending,
  signal: AbortSignal,
): Promise<void> {
  const authorization = await poll(client, {
    step: "validation",
    subject: name,
    url,
    totalMs: client.limits.validationMs,
    read: (answer) => authorizationOf(client, url, answer),
    isDone: ({ status }) => status !== "pending",
    describe: ({ status }) => `it is still ${status}`,
    error: { challenge: solver.kind },
    signal,
  });
  if (authorization.status === "valid") return;
  const failed = authorization.challenges.find((each) => each.url === challenge.url);
  const problem = problemOf(failed?.error);
  throw new AcmeError("validation", name, `it is ${authorization.status}`, { problem, challenge: solver.kind });
}

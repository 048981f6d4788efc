import { addressRanges } from "../../net/mod.ts";
import type { ClientCondition, ConditionalRule, TypeCondition } from "../list-format/mod.ts";

/** The client, as far as it is known. The object may be kept and reused for many questions. */
export interface BlockClient {
  /** As text: `192.168.1.7`. */
  readonly address: string;
  /** Its names, in any case. */
  readonly names: readonly string[];
}

/** Returns whether a rule applies to a question. */
export type Condition = (type: number, client: BlockClient | undefined) => boolean;

/** Compiles a rule's `$dnstype` and `$client`; undefined where it has neither. `$denyallow` concerns the name. */
export function conditionOf({ types, clients }: ConditionalRule): Condition | undefined {
  const isType = types && typeCondition(types);
  const isClient = clients && clientCondition(clients);
  if (isType === undefined) return isClient && ((_, client) => isClient(client));
  if (isClient === undefined) return isType;
  return (type, client) => isType(type) && isClient(client);
}

/** With included types the excluded ones mean nothing, as AdGuard's documentation says. */
function typeCondition({ included, excluded }: TypeCondition): (type: number) => boolean {
  if (included.length > 0) return (type) => included.includes(type);
  return (type) => !excluded.includes(type);
}

function clientCondition({ included, excluded }: ClientCondition): (client: BlockClient | undefined) => boolean {
  const isIncluded = clientMatcher(included);
  const isExcluded = clientMatcher(excluded);
  return (client) => {
    if (client === undefined) return included.length === 0;
    return !isExcluded(client) && (included.length === 0 || isIncluded(client));
  };
}

function clientMatcher(texts: readonly string[]): (client: BlockClient) => boolean {
  const names = new Set<string>();
  const ranges: string[] = [];
  for (const text of texts) {
    if (isRange(text)) ranges.push(text);
    else names.add(text.toLowerCase());
  }
  const isInRange = addressRanges(ranges);
  return ({ address, names: own }) => isInRange(address) || own.some((name) => names.has(name.toLowerCase()));
}

function isRange(text: string): boolean {
  try {
    addressRanges([text]);
    return text !== "unix";
  } catch {
    return false;
  }
}

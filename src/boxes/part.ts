import { type Log, withoutUndefined } from "../base/mod.ts";
import { pemOption } from "../listener/mod.ts";
import { type CheckEnv, Conditions, type Part, type PartType, readSecret } from "../part/mod.ts";
import { BOXES_SCHEMA, type BoxesConfig, type BoxSection } from "./config.ts";
import { FollowedBox, type FollowedBoxOptions } from "./followed-box.ts";
import { type BoxesView, boxesMetrics, boxesTables, boxesView } from "./monitoring.ts";

/** The part `boxes:` follows other machines with tenk: their vitals, services and problems in one view. Each stays whole by itself. */
export const boxes = {
  name: "boxes" as const,
  schema: BOXES_SCHEMA,
  statusTables: boxesTables,
  addresses: () => [],

  check(config, env) {
    for (const [name, section] of Object.entries(config ?? {})) optionsOf(name, section, env);
  },

  async start(config, env): Promise<Part<BoxesConfig | undefined, BoxesView>> {
    const { log } = env;
    const conditions = new Conditions();
    let entries = entriesOf(config!, env, { before: [], log });
    for (const { box } of entries) box.start();
    const followed = () => entries.map(({ box }) => box);
    return {
      listening: () => [],
      async prepare(next, nextEnv) {
        const after = entriesOf(next!, nextEnv, { before: entries, log });
        return {
          async commit() {
            const before = entries;
            entries = after;
            for (const { box } of before) if (!after.some((each) => each.box === box)) box.stop();
            for (const { box } of after) if (!before.some((each) => each.box === box)) box.start();
          },
          async drop() {},
        };
      },
      metrics: boxesMetrics(followed),
      gatherMetrics: async () => [],
      problems() {
        conditions.take(
          followed().map((box) => box.condition()),
          Date.now(),
        );
        return [...conditions.problems, ...followed().flatMap((box) => box.problems())];
      },
      undecided: () => followed().flatMap((box) => box.undecided()),
      watches: (key) => followed().some(({ name }) => `${key}/`.startsWith(`boxes/${name}/`)),
      status: async () => boxesView(followed()),
      async stop() {
        for (const { box } of entries) box.stop();
      },
    };
  },
} satisfies PartType<BoxesConfig | undefined, BoxesView>;

interface Entry {
  /** Equal for a box that is followed in the same way. */
  readonly key: string;
  readonly box: FollowedBox;
}

interface EntriesOptions {
  readonly before: readonly Entry[];
  readonly log: Log;
}

/** Returns the boxes; those that are followed as before keep what is known of them. */
function entriesOf(config: BoxesConfig, env: CheckEnv, { before, log }: EntriesOptions): Entry[] {
  return Object.entries(config).map(([name, section]) => {
    const options = optionsOf(name, section, env, log);
    const key = JSON.stringify(options);
    return before.find((each) => each.key === key) ?? { key, box: new FollowedBox({ ...options, log }) };
  });
}

/** @throws {TenkError} `config`: a token or a certificate that cannot be read */
function optionsOf(
  name: string,
  section: BoxSection,
  { folder }: CheckEnv,
  log?: Log,
): Omit<FollowedBoxOptions, "log"> {
  const { url, interval, verify, ca, serverName } = section;
  const secret = { value: section.token, file: section.tokenFile, variable: section.tokenEnv };
  return {
    name,
    url,
    token: readSecret(secret, { setting: `boxes.${name}.token`, folder, log }),
    intervalMs: interval,
    tls: withoutUndefined({ verify, serverName, ca: ca && pemOption(ca, folder) }),
  };
}

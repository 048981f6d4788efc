/** What is decided, by list and rule. `TENK_RUNS=20000` compares more random lists with a model. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type BlockClient, BlockDecision, explain, RuleIndex, Verdict } from "../../../src/dns/blocking/mod.ts";
import { type ListFile, NamePages, PageBuilder, PageReader } from "../../../src/dns/pages/mod.ts";
import { parseName, parseType } from "../../../src/wire/dns/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-blocking-"));
afterAll(() => rmSync(folder, { recursive: true }));
const ALL = 0x7fffffff;
let built = 0;
const NAME_OF = Object.fromEntries(Object.entries(Verdict).map(([name, verdict]) => [verdict, name]));

interface Asked {
  readonly type?: string;
  readonly lists?: number;
  readonly client?: BlockClient;
  readonly isPaused?: boolean;
}

/** Builds lists, the last of which is trusted, and returns what asks them. */
function lists(...texts: readonly string[]) {
  built += 1;
  const files: ListFile[] = texts.map((text, list) => {
    const path = join(folder, `${built}-${list}.txt`);
    writeFileSync(path, text);
    return { path, list, isTrusted: list === texts.length - 1 };
  });
  const pages = new NamePages({ seed: 3, maxBytes: 1 << 20 });
  const { rules } = run(new PageBuilder(pages).build(files));
  const index = new RuleIndex(rules, pages.seed);
  const decision = new BlockDecision(new PageReader(pages.memory), index);
  const decide = (name: string, { type = "A", lists: mask = ALL, client, isPaused }: Asked = {}) =>
    decision.decide(parseName(name)!, 0, parseType(type)!, mask, client, isPaused);
  return {
    ...{ decision, index, decide },
    ask: (name: string, asked?: Asked) => NAME_OF[decide(name, asked)],
    why: (name: string) => {
      decide(name);
      return run(explain(decision, name, files)).map(({ file, line, text }) => `${file}:${line} ${text}`);
    },
  };
}

function run<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe("precedence", () => {
  const { ask } = lists(
    "||ads.example^\n||both.example^\n||vital.example^$important\n||dns.example^$important",
    "@@||both.example^\n@@||vital.example^\n@@||dns.example^$important\n@@|only.ads.example|",
  );

  test.each([
    ["x.ads.example", "blocked"],
    ["only.ads.example", "allowed"],
    ["x.only.ads.example", "blocked"],
    ["both.example", "allowed"],
    ["x.vital.example", "blocked"],
    ["dns.example", "allowed"],
    ["other.example", "none"],
  ])("%s is %s", (name, verdict) => {
    expect(ask(name)).toBe(verdict);
  });

  test("counts only the client's lists, and nothing is blocked in a pause", () => {
    expect(ask("both.example", { lists: 1 })).toBe("blocked");
    expect(ask("ads.example", { lists: 2 })).toBe("none");
    expect(ask("x.vital.example", { isPaused: true })).toBe("none");
  });
});

describe("conditions", () => {
  test("dnstype", () => {
    const { ask } = lists(
      "||a.example^$dnstype=AAAA|HTTPS\n||b.example^$dnstype=~A|~CNAME\n||c.example^$dnstype=~A|AAAA",
    );
    expect(["A", "AAAA", "HTTPS"].map((type) => ask("a.example", { type }))).toEqual(["none", "blocked", "blocked"]);
    expect(["A", "CNAME", "TXT"].map((type) => ask("b.example", { type }))).toEqual(["none", "none", "blocked"]);
    expect(["A", "AAAA", "TXT"].map((type) => ask("c.example", { type }))).toEqual(["none", "blocked", "none"]);
  });

  test("client", () => {
    const { ask } = lists(
      "||kids.example^$client=~Mom|~10.0.0.9|Kids|10.0.0.0/8\n||most.example^$client=~'Frank\\'s laptop'\n*$client=10.1.1.1\n@@||school.example^",
    );
    const from = (address: string, ...names: string[]) => ({ client: { address, names } });
    expect(ask("kids.example", from("192.168.1.2", "KIDS"))).toBe("blocked");
    expect(ask("kids.example", from("10.0.0.7"))).toBe("blocked");
    expect(ask("kids.example", from("::ffff:10.0.0.7"))).toBe("blocked");
    expect(ask("kids.example", from("10.0.0.9"))).toBe("none");
    expect(ask("kids.example", from("10.0.0.7", "mom"))).toBe("none");
    expect(ask("kids.example")).toBe("none");
    expect(ask("most.example", from("10.0.0.7", "Frank's Laptop"))).toBe("none");
    expect(ask("most.example")).toBe("blocked");
    expect(ask("anything.example", from("10.1.1.1"))).toBe("blocked");
    expect(ask("school.example", from("10.1.1.1"))).toBe("allowed");
  });

  test("denyallow", () => {
    const { ask } = lists("||example.org^$denyallow=sub.example.org\n*$denyallow=com|net,dnstype=TXT");
    expect(["example.org", "x.example.org", "sub.example.org", "x.sub.example.org"].map((name) => ask(name))).toEqual([
      ...["blocked", "blocked", "none", "none"],
    ]);
    expect(ask("xsub.example.org")).toBe("blocked");
    expect(["a.com", "a.org", "com"].map((name) => ask(name, { type: "TXT" }))).toEqual(["none", "blocked", "none"]);
  });

  test("regular expressions and masks", () => {
    const { ask, index } = lists("/^ad[0-9]+\\./\n||track*.example^\n*-banner-*\n@@/^ad7\\./\n/(?=x)/\n/x*/");
    expect(["ad12.net", "xad12.net", "ad7.net", "AD12.net"].map((name) => ask(name))).toEqual([
      ...["blocked", "none", "allowed", "blocked"],
    ]);
    expect(["tracker7.example", "a.track.example", "xtrack.example"].map((name) => ask(name))).toEqual([
      ...["blocked", "blocked", "none"],
    ]);
    expect(ask("my-banner-x.net")).toBe("blocked");
    expect(index.refused.map(({ placed, reason }) => [placed.line, reason])).toEqual([
      [5, "looking ahead or behind needs backtracking"],
      [6, "it matches every name: expected a condition, or a longer pattern"],
    ]);
  });

  test.each(["*.", "*.*", ".", "||*.*^", "/./", "/.+/", "/[a-z]/", "/^[a-z0-9._-]+$/", "@@/.+/"])(
    "%s is refused: no line matches every name without a condition",
    (line) => {
      const { ask } = lists(`${line}\n/^ad[0-9]+\\./\n${line}$dnstype=TXT`);
      expect([ask("www.example"), ask("ad1.example")]).toEqual(["none", "blocked"]);
      expect(ask("www.example", { type: "TXT" })).toBe(line.startsWith("@@") ? "allowed" : "blocked");
    },
  );

  test("a million regular expressions are refused, but for a thousand", () => {
    const { index } = lists(Array.from({ length: 3000 }, (_, each) => `/^x${each}\\./`).join("\n"));
    expect([index.size, index.refusedCount, index.refused.length]).toEqual([1000, 2000, 20]);
  });

  test("badfilter takes rules away, in whatever list and order of modifiers", () => {
    const { ask } = lists(
      "||a.example^$dnstype=A\n||b.example^",
      "||a.example^$badfilter,dnstype=a\n||b.example^$badfilter",
    );
    expect([ask("a.example"), ask("b.example")]).toEqual(["none", "none"]);
  });
});

describe("dnsrewrite", () => {
  const own = lists(
    "||blocked.example^\n||hijack.example^$dnsrewrite=6.6.6.6\n||null.example^$dnsrewrite=0.0.0.0",
    "||nas.example^$dnsrewrite=10.0.0.1\n||nas.example^$dnsrewrite=NOERROR;A;10.0.0.2\n@@||nas.example^\n||gone.example^$dnsrewrite=NXDOMAIN\n" +
      "||alias.example^$dnsrewrite=target.example\n||alias.example^$dnsrewrite=10.0.0.3\n@@||one.nas.example^$dnsrewrite=10.0.0.1\n" +
      "@@||off.nas.example^$dnsrewrite\n||six.example^$dnstype=AAAA,dnsrewrite=NOERROR;;",
  );
  const rewritesOf = (name: string, asked?: Asked) => {
    const verdict = own.ask(name, asked);
    return [
      verdict,
      ...own.decision.rewrites.map(({ rcode, type, data }) => `${rcode} ${type} ${[...data].join(".")}`),
    ];
  };

  test("comes before allow rules, and adds its records up", () => {
    expect(rewritesOf("nas.example")).toEqual(["rewritten", "0 1 10.0.0.1", "0 1 10.0.0.2"]);
    expect(rewritesOf("one.nas.example")).toEqual(["rewritten", "0 1 10.0.0.2"]);
    expect(rewritesOf("off.nas.example")).toEqual(["allowed"]);
    expect(rewritesOf("alias.example")[1]).toStartWith("0 5 6.116");
  });

  test("with a code or a null address blocks, and so pauses", () => {
    expect(rewritesOf("gone.example")).toEqual(["blocked", "3 0 "]);
    expect(rewritesOf("null.example")).toEqual(["blocked", "0 1 0.0.0.0"]);
    expect(rewritesOf("six.example", { type: "AAAA" })).toEqual(["blocked", "0 0 "]);
    expect(rewritesOf("six.example")).toEqual(["none"]);
    expect(rewritesOf("gone.example", { isPaused: true })).toEqual(["none"]);
    expect(rewritesOf("nas.example", { isPaused: true })).toHaveLength(3);
  });

  test("of a list that is not trusted leads nobody elsewhere", () => {
    expect(rewritesOf("hijack.example")).toEqual(["none"]);
  });
});

describe("why", () => {
  const { why } = lists(
    "# a list\n0.0.0.0 a.example b.example # both\n||Tree.example^\n*.wild.example\ngood.tree.example",
    "tree.example\n||tree.example^\n||x.tree.example^$dnstype=TXT\n/^re[0-9]/\n@@||good.tree.example^",
  );

  test.each([
    ["b.example", ["0:2 0.0.0.0 a.example b.example # both"]],
    ["x.tree.example", ["0:3 ||Tree.example^", "1:2 ||tree.example^"]],
    ["y.wild.example", ["0:4 *.wild.example"]],
    ["re5.example", ["1:4 /^re[0-9]/"]],
    ["a.good.tree.example", ["1:5 @@||good.tree.example^"]],
    ["none.example", []],
  ])("%s", (name, lines) => {
    expect(why(name)).toEqual(lines);
  });
});

test("decisions agree with a plain model of the rules", () => {
  const name = fc
    .array(fc.constantFrom("a", "b", "c"), { minLength: 2, maxLength: 4 })
    .map((labels) => labels.join("."));
  const line = fc.record({
    name,
    isAllow: fc.boolean(),
    isSubtree: fc.boolean(),
    isImportant: fc.boolean(),
    type: fc.constantFrom("", "A", "~A"),
    except: fc.option(name, { nil: "" }),
    isBad: fc.integer({ min: 0, max: 6 }).map((value) => value === 0),
  });
  type Line = typeof line extends fc.Arbitrary<infer Value> ? Value : never;
  const textOf = ({ name: each, isAllow, isSubtree, isImportant, type, except, isBad }: Line) => {
    const modifiers = [
      isImportant && "important",
      type && `dnstype=${type}`,
      except && `denyallow=${except}`,
      isBad && "badfilter",
    ];
    const tail = modifiers.filter(Boolean).join(",");
    return `${isAllow ? "@@" : ""}${isSubtree ? "||" : "|"}${each}^${tail && `$${tail}`}`;
  };
  const isBelow = (one: string, other: string) => one === other || one.endsWith(`.${other}`);
  const model = (all: readonly Line[], question: string, type: string) => {
    const keyOf = (each: Line) => textOf({ ...each, isBad: false });
    const bad = new Set(all.filter(({ isBad }) => isBad).map(keyOf));
    const ranks = all
      .filter((each) => !each.isBad && !bad.has(keyOf(each)))
      .filter((each) => (each.isSubtree ? isBelow(question, each.name) : question === each.name))
      .filter((each) => each.type === "" || (each.type === "A") === (type === "A"))
      .filter((each) => each.except === "" || !isBelow(question, each.except))
      .map((each) => (each.isImportant ? 2 : 0) + (each.isAllow ? 1 : 0));
    return ranks.length === 0 ? "none" : Math.max(...ranks) % 2 === 1 ? "allowed" : "blocked";
  };
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(line, { maxLength: 8 }),
      fc.array(name, { minLength: 6 }),
      (one, two, names) => {
        const texts = [one, two].map((each) => each.map(textOf).join("\n"));
        const { ask } = lists(...texts);
        for (const question of names) {
          for (const type of ["A", "TXT"]) {
            expect([texts, question, type, ask(question, { type })]).toEqual([
              texts,
              question,
              type,
              model([...one, ...two], question, type),
            ]);
          }
        }
      },
    ),
    { numRuns: Number(process.env.TENK_RUNS ?? 100) },
  );
});

/** Parsing of lists. `TENK_FUZZ=100000` mutates longer; `TENK_LIST=FILE` compares a whole list with the second parser too. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { domainToASCII } from "node:url";
import { randomOf } from "../../../bench/dns-list-names.ts";
import {
  ALLOW,
  type ConditionalRule,
  IMPORTANT,
  ListParser,
  type ListParserOptions,
  SUBTREE,
} from "../../../src/dns/list-format/mod.ts";

interface Parsed {
  readonly names: string[];
  readonly rules: ConditionalRule[];
  readonly disabled: string[];
  readonly summary: ListParser["summary"];
}

/** Parses a text that comes in chunks of so many bytes. Names get their flags in front: `1 example.org`. */
function parse(text: string | Uint8Array, options: ListParserOptions & { chunk?: number } = {}): Parsed {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const [names, rules, disabled]: [string[], ConditionalRule[], string[]] = [[], [], []];
  const parser = new ListParser(
    {
      name(borrowed, from, to, flags, position) {
        const name = Buffer.from(borrowed.subarray(from, to)).toString("latin1").toLowerCase();
        names.push(`${flags} ${name}`);
        if (position < 0) return;
        expect(
          Buffer.from(bytes.subarray(position, position + to - from))
            .toString("latin1")
            .toLowerCase(),
        ).toBe(name);
      },
      rule: (rule) => void rules.push(rule),
      disable: (key) => void disabled.push(key),
    },
    options,
  );
  for (let at = 0; at < bytes.length; ) {
    const count = Math.min(options.chunk ?? 1 << 18, bytes.length - at);
    parser.free().set(bytes.subarray(at, at + count));
    parser.take(count);
    at += count;
  }
  return { names, rules, disabled, summary: parser.end() };
}

describe("a line with names", () => {
  test.each<[string, string[]]>([
    ["0.0.0.0 ads.example.com", ["0 ads.example.com"]],
    ["127.0.0.1\tA.example B.example  c.example # comment", ["0 a.example", "0 b.example", "0 c.example"]],
    [":: six.example", ["0 six.example"]],
    ["fe80::1%lo0 localhost", []],
    ["0 zero.example", ["0 zero.example"]],
    ["0.0.0.0.beeglivesex.com", ["0 0.0.0.0.beeglivesex.com"]],
    ["0.0.0.0 0.0.0.0", []],
    ["127.0.0.1 localhost localhost.localdomain broadcasthost ip6-allnodes", []],
    ["plain.example", ["0 plain.example"]],
    ["plain.example#comment", ["0 plain.example"]],
    ["plain.example # comment", ["0 plain.example"]],
    ["mail.forblown.pl.", ["0 mail.forblown.pl"]],
    ["_dmarc._under.example", ["0 _dmarc._under.example"]],
    ["*.wild.example", ["1 wild.example"]],
    ["*.zip", ["1 zip"]],
    ["||Sub.Example^", ["1 sub.example"]],
    ["||sub.example", ["1 sub.example"]],
    ["||sub.example^|", ["1 sub.example"]],
    ["||sub.example.^", ["1 sub.example"]],
    ["||sub.example^ # comment", ["1 sub.example"]],
    ["||zip^", ["1 zip"]],
    ["|exact.example^", ["0 exact.example"]],
    ["|exact.example|", ["0 exact.example"]],
    ["@@||good.example^", ["3 good.example"]],
    ["@@good.example", ["2 good.example"]],
    ["@@good.example.", ["2 good.example"]],
    ["good.example.$important", ["4 good.example"]],
    ["||bad.example^$important", ["5 bad.example"]],
    ["@@|good.example|$important", ["6 good.example"]],
    ["||site.example^$all", ["1 site.example"]],
    ["0.0.0.0 bücher.example", ["0 xn--bcher-kva.example"]],
    ["||BÜCHER.example^", ["1 xn--bcher-kva.example"]],
    ["\ufeff||first.example^\r", ["1 first.example"]],
    ["  \t spaced.example \t\r", ["0 spaced.example"]],
    [`${"a".repeat(63)}.example`, [`0 ${"a".repeat(63)}.example`]],
  ])("%j", (line, names) => {
    const parsed = parse(line);
    expect({ names: parsed.names, invalid: parsed.summary.firstInvalid }).toEqual({ names, invalid: [] });
    expect(parsed.rules).toEqual([]);
  });

  test("an allow list turns blocking into allowing", () => {
    expect(parse("a.example\n||b.example^\n@@c.example", { isAllowList: true }).names).toEqual([
      `${ALLOW} a.example`,
      `${ALLOW | SUBTREE} b.example`,
      `${ALLOW} c.example`,
    ]);
    expect(IMPORTANT).toBe(4);
  });
});

describe("a line without effect", () => {
  test.each(["", "# c", "! c", "; c", "[Adblock Plus 2.0]", "  # c"])("%j is a comment", (line) => {
    const { names, rules, summary } = parse(`${line}\nafter.example`);
    expect([names, rules, summary.skipped, summary.invalid]).toEqual([["0 after.example"], [], 0, 0]);
  });

  test.each([
    "/",
    "example.com##.ad",
    "a.com,b.com##.ad",
    "example.com#@#.ad",
    "example.com#?#div",
    "example.com#$#body",
    "example.com#%#script",
    "example.com$$script",
    "||example.com/path^",
    "||example.com^$third-party",
    "||example.com^$script,domain=a.com",
    "/ads/banner.js",
    "||example.com:8080^",
  ])("%j is for browsers", (line) => {
    const { names, rules, summary } = parse(`${line}\nafter.example`);
    expect([names, rules, summary.skipped, summary.invalid]).toEqual([["0 after.example"], [], 1, 0]);
  });
});

describe("an invalid line", () => {
  test.each([
    ["single", "a name has one label only"],
    ["0.0.0.0 single", "a name has one label only"],
    ["1.2.3.4", "an address, not a name"],
    ["a..example", "a label is empty or longer than 63 bytes"],
    [`${"a".repeat(64)}.example`, "a label is empty or longer than 63 bytes"],
    [`${"abcdefg.".repeat(32)}example`, "a name is longer than 253 bytes"],
    ["0.0.0.0 a!b.example", "a name has a character that no host name has"],
    ["one.example two.example", "expected an address before several names"],
    ["||example.com^$dnstype=NOPE", "unknown DNS type"],
    ["||example.com^$dnsrewrite=1.2.3", "unknown form of dnsrewrite"],
    ["||example.com^$dnsrewrite=6.6.6.6", "dnsrewrite is allowed in lists that are trusted"],
    ["||example.com^$dnsrewrite", "unknown form of dnsrewrite"],
    ["||example.com^$denyallow=a b", "unknown value of a modifier"],
    ["||*^", "it matches every name: expected a condition, or a longer pattern"],
    [`||${"a".repeat(9000)}^`, "the line is too long"],
  ])("%j: %s", (line, reason) => {
    const { names, summary } = parse(`before.example\n${line}\nafter.example`);
    expect(names).toEqual(["0 before.example", "0 after.example"]);
    expect(summary).toMatchObject({ invalid: 1, firstInvalid: [{ line: 2, reason }] });
  });

  test("is kept five times, and counted always", () => {
    const { summary } = parse("a..b\n".repeat(9));
    expect(summary).toMatchObject({ lines: 9, invalid: 9 });
    expect(summary.firstInvalid.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("a rule", () => {
  const ruleOf = (line: string, options: ListParserOptions = {}) => {
    const { rules, summary } = parse(line, options);
    expect(summary.firstInvalid).toEqual([]);
    return rules[0];
  };

  test.each([
    ["/ads[0-9]+/", "ads[0-9]+"],
    ["/a\\/$|b/$important", "a\\/$|b"],
    ["/x/$client=10.0.0.0/8", "x"],
    ["||ads*.example^", "(?:^|\\.)ads.*\\.example$"],
    ["||*.example.com^", "(?:^|\\.).*\\.example\\.com$"],
    ["*-banner-*", ".*-banner-.*"],
    ["|ads.", "^ads\\."],
    ["||ads.", "(?:^|\\.)ads\\."],
    ["example.com^", "example\\.com$"],
  ])("%s has the pattern %s", (line, source) => {
    expect(ruleOf(line)?.pattern).toEqual({ kind: "regex", source });
  });

  test("with conditions", () => {
    const rule = ruleOf(
      "||example.org^$client='Frank\\'s laptop'|~10.0.0.0/8,dnstype=a|~TYPE65,denyallow=Sub.example.org",
    );
    expect(rule).toMatchObject({
      pattern: { kind: "name", name: "example.org", isSubtree: true },
      clients: { included: ["Frank's laptop"], excluded: ["10.0.0.0/8"] },
      types: { included: [1], excluded: [65] },
      except: ["sub.example.org"],
    });
    const quoted = "Mary's, John's, and Boris's laptops";
    const clients = ruleOf("||x.example^$client=~'Mary\\'s\\, John\\'s\\, and Boris\\'s laptops'")?.clients;
    expect(clients).toEqual({ included: [], excluded: [quoted] });
    expect(ruleOf("*$denyallow=com|net")).toMatchObject({ pattern: { kind: "any" }, except: ["com", "net"] });
  });

  test.each<[string, number, number, number[]]>([
    ["1.2.3.4", 0, 1, [1, 2, 3, 4]],
    ["ab::1", 0, 28, [0, 0xab, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["a.net", 0, 5, [1, 97, 3, 110, 101, 116, 0]],
    ["REFUSED", 5, 0, []],
    ["NXDOMAIN;;", 3, 0, []],
    ["NOERROR;;", 0, 0, []],
    ["NOERROR;MX;32 m.a", 0, 15, [0, 32, 1, 109, 1, 97, 0]],
    ["NOERROR;TXT;a;b c", 0, 16, [5, 97, 59, 98, 32, 99]],
  ])("dnsrewrite=%s", (value, rcode, type, data) => {
    const rewrite = ruleOf(`||example.com^$dnsrewrite=${value}`, { isTrusted: true })?.rewrite;
    expect(rewrite).toEqual({ rcode, type, data: Uint8Array.from(data) });
  });

  test("badfilter has the key of what it switches off", () => {
    const { disabled, rules } = parse(
      "||a.example^$badfilter\n@@b.example$important,badfilter\n||c.example^$badfilter,dnstype=A\n||C.example^$dnstype=a",
    );
    expect(disabled).toEqual(["1 a.example", "6 b.example", rules[0]?.key ?? "none"]);
  });
});

describe("whatever the bytes", () => {
  const samples = [
    ...[
      "0.0.0.0 a.example b.example",
      "||c.example^",
      "*.d.example",
      "e.example # f",
      "g.example##.h",
      "@@||i.example^$important",
    ],
    ...[
      "::1 localhost ip6-all",
      "! comment",
      "# comment",
      "/re[0-9]/",
      "bücher.example",
      "||m.example^$third-party",
      "1.2.3.4",
      "",
    ],
    ...[
      "0.0.0.0.com",
      "x..y",
      ".lead.example",
      "trail.example.",
      "|n.example|",
      "||o^",
      `${"p".repeat(64)}.example`,
      "q_r.example",
    ],
  ];
  const alphabet = "a.|^*@#$/ \t\r\n0:!-_%é,~";

  test("it agrees with a second parser, and does not depend on the chunks", () => {
    const random = randomOf(Number(process.env.TENK_SEED ?? Date.now()));
    const runs = Number(process.env.TENK_FUZZ ?? 500);
    for (let run = 0; run < runs; run++) {
      const lines = Array.from({ length: 6 }, () => samples[random(samples.length)]!);
      const text = [...lines.join(random(4) === 0 ? "\r\n" : "\n")];
      for (let change = random(5); change > 0; change--) {
        const at = random(text.length + 1);
        text.splice(at, random(3), ...Array.from({ length: random(3) }, () => alphabet[random(alphabet.length)]!));
      }
      const mutated = text.join("");
      const whole = parse(mutated);
      expect([JSON.stringify(mutated), whole.names]).toEqual([JSON.stringify(mutated), secondParser(mutated)]);
      expect(parse(mutated, { chunk: 1 + random(9) })).toEqual(whole);
    }
  });

  test("a line without end is one invalid line", () => {
    const { names, summary } = parse(`a.example\n${"x".repeat(1 << 20)}\nb.example\n#${"y".repeat(1 << 20)}`);
    expect(names).toEqual(["0 a.example", "0 b.example"]);
    expect(summary).toMatchObject({ lines: 4, invalid: 1 });
  });

  test("a list on the disk is read as the second parser reads it", () => {
    const path = process.env.TENK_LIST;
    const text = path === undefined ? samples.join("\n") : readFileSync(path, "utf8");
    expect(parse(text).names).toEqual(secondParser(text));
  });
});

/** A parser of names for people to read: strings and patterns, one after the other. */
function secondParser(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .flatMap((each) => namesOf(each.replace(/^[ \t\r\f\v]+|[ \t\r\f\v]+$/g, "")));
}

function namesOf(line: string): string[] {
  if (line === "" || /^[#!;[]/.test(line)) return [];
  const isName = (name: string) =>
    name.length <= 253 && /^[\w-]{1,63}(\.[\w-]{1,63})*$/.test(name) && !/(^|\.)\d+$/.test(name);
  const ascii = (name: string) =>
    /[^\0-\x7f]/.test(name) && /^[\w.\u0080-\uffff-]+$/.test(name) ? domainToASCII(name) : name;
  const plain = (token: string) => {
    const name = ascii(token).replace(/\.$/, "").toLowerCase();
    return isName(name) && name.includes(".") && name !== "localhost.localdomain" ? [`0 ${name}`] : [];
  };
  const hosts = /^([\w:-][\w.:%-]*)[ \t\r\f\v]+([^#]*)/.exec(line);
  if (hosts && (/^[\w.-]*:/.test(hosts[1]!) || /^[\d.]+$/.test(hosts[1]!))) {
    return hosts[2]!.split(/[ \t\r\f\v]+/).flatMap(plain);
  }
  const alone = /^([\w.\u0080-\uffff-]+)[ \t\r\f\v]*(#(?![#@?$%])|[ \t\r\f\v]#|$)/.exec(line);
  if (alone) return plain(alone[1]!);
  if (/^(@@)?\/.*\/($|\$)/.test(line) || /#@?(\$\?|[$?%])?#|\$@?\$/.test(line.replace(/^@@/, ""))) return [];
  const rule =
    /^(@@[ \t\r\f\v]*)?(\|\||\|?|\*\.)([\w.\u0080-\uffff-]+?)(\.?[|^]+)?[ \t\r\f\v]*(\$[ \t\r\f\v]*important)?([ \t\r\f\v]+#.*)?$/.exec(
      line,
    );
  if (!rule) return [];
  const [, allow, mark, token, end, important] = rule;
  const name = ascii(token!).toLowerCase();
  const isSubtree = mark === "||" || mark === "*.";
  if (mark === "||" && !end && !name.includes(".")) return [];
  if (mark === "*." && (end || allow || important)) return [];
  if (mark === "|" && !end) return [];
  const bare = mark === "*." || mark === "" ? name.replace(/\.$/, "") : name;
  if (mark === "" && (end || !bare.includes("."))) return [];
  return isName(bare) ? [`${(isSubtree ? 1 : 0) + (allow ? 2 : 0) + (important ? 4 : 0)} ${bare}`] : [];
}

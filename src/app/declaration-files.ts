import { dirname, join } from "node:path";

/** `export { type A, b as c } from "./d.ts";`, or an import; `*` instead of the names. */
const STATEMENT =
  /^(?:import|export) (type )?(?:\{([^}]*)\}|(\*)(?: as \w+)?|\w+)(?:, \{([^}]*)\})? from "(\.[^"]+)\.ts";$/gm;
const INLINE = /\bimport\("(\.[^"]+)\.ts"\)\.(\w+)/g;

/** One name that a file takes from another: there it is `name`. */
interface Taken {
  readonly from: string;
  /** `*` is all that it exports. */
  readonly name: string;
  /** As the file itself exports it. */
  readonly as: string;
  /** As it was written: `type A`, `b as c`. */
  readonly text: string;
  readonly statement: string;
}

/**
 * Returns the declaration files that one leads to, by path. A file that only passes names on (`mod.d.ts`) is cut down to those that
 * somebody takes: whole folders would follow from one name otherwise.
 *
 * @param read returns a file's text
 */
export function declarationFiles(root: string, read: (path: string) => string): Record<string, string> {
  const texts = new Map<string, string>();
  const wanted = new Map<string, Set<string>>();
  const open: [path: string, name: string][] = [[root, "*"]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, name] = next;
    const names = wanted.get(path) ?? new Set();
    if (names.has(name)) continue;
    wanted.set(path, names.add(name));
    const text = texts.get(path) ?? read(path);
    texts.set(path, text);
    const taken = takenIn(path, text);
    // All of it counts, and once.
    const isFirst = names.size === 1;
    const followed = isPassedOn(text) ? taken.filter((each) => isWanted(each, new Set([name]))) : isFirst ? taken : [];
    for (const each of followed) open.push([each.from, each.name === "*" && isPassedOn(text) ? name : each.name]);
  }
  const files = [...texts].map(([path, text]) => [path, cutDown(path, text, wanted.get(path)!)] as const);
  return Object.fromEntries(files.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function takenIn(path: string, text: string): Taken[] {
  const pathOf = (from: string) => join(dirname(path), `${from}.d.ts`);
  const statements = [...text.matchAll(STATEMENT)].flatMap(([statement, type = "", names, star, more, from]) => {
    const listed = [names, more].flatMap((list) => list?.split(",") ?? []).map((each) => each.trim());
    const written = star === undefined ? listed.filter((each) => each !== "") : ["*"];
    return written.map((each) => {
      const [name = each, as = name] = each.replace(/^type /, "").split(" as ");
      return { from: pathOf(from!), name, as, text: type === "" ? each : `type ${each}`, statement };
    });
  });
  const inline = [...text.matchAll(INLINE)].map(([statement, from, name = "*"]) => {
    return { from: pathOf(from!), name, as: name, text: "", statement };
  });
  return [...statements, ...inline];
}

/** Whether a file has nothing of its own. */
function isPassedOn(text: string): boolean {
  const rest = text.replace(STATEMENT, (statement) => (statement.startsWith("export") ? "" : statement));
  return rest.replace(/\/\*[\s\S]*?\*\//g, "").trim() === "";
}

function isWanted({ name, as }: Taken, wanted: ReadonlySet<string>): boolean {
  return name === "*" || wanted.has("*") || wanted.has(as);
}

function cutDown(path: string, text: string, wanted: ReadonlySet<string>): string {
  if (!isPassedOn(text)) return text;
  const kept = takenIn(path, text).filter((each) => isWanted(each, wanted));
  const lines = [...Map.groupBy(kept, ({ statement }) => statement)].map(([statement, names]) => {
    const [, from] = / from ("[^"]+");$/.exec(statement) ?? [];
    const list = names.map((each) => each.text).join(", ");
    return names[0]!.name === "*" ? statement : `export { ${list} } from ${from};`;
  });
  return `${lines.join("\n")}\n`;
}

/** Writes the two archive formats that a .deb is made of: tar (POSIX.1-1988, ustar) inside ar(5). The same input gives the same bytes. */

/** A file of a package; everything belongs to root. */
export interface Entry {
  /** Relative, without `./` in front: `usr/bin/tenk`. Folders above it need no entry of their own. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

const BLOCK_BYTES = 512;
const FOLDER_MODE = 0o755;

/** Returns a tar archive of the entries and the folders above them, in order of their paths. */
export function tar(entries: readonly Entry[], mtimeSeconds: number): Buffer {
  const folders = new Set([""]);
  for (const { path } of entries)
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at));
  const nothing = Buffer.alloc(0);
  const nodes = [
    ...[...folders].map((path) => {
      return { path, name: path === "" ? "./" : `./${path}/`, mode: FOLDER_MODE, type: "5", content: nothing };
    }),
    ...entries.map((entry) => ({ ...entry, name: `./${entry.path}`, type: "0" })),
  ];
  const parts = nodes
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((node) => {
      const { content } = node;
      const padding = Buffer.alloc(-content.length & (BLOCK_BYTES - 1));
      return [header({ ...node, size: content.length, mtimeSeconds }), content, padding];
    });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/** A number is octal, with a zero byte behind it. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function header(of: { name: string; mode: number; type: string; size: number; mtimeSeconds: number }): Buffer {
  if (Buffer.byteLength(of.name) > 100)
    throw new Error(`Cannot pack ${of.name}: its path has more than the 100 bytes of a tar header`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const fields: [offset: number, text: string][] = [
    [0, of.name],
    [100, octal(of.mode, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(of.size, 12)],
    [136, octal(of.mtimeSeconds, 12)],
    // The checksum is computed as if it were blanks.
    [148, " ".repeat(8)],
    [156, of.type],
    [257, "ustar\u000000"],
    [265, "root"],
    [297, "root"],
  ];
  for (const [offset, text] of fields) block.write(text, offset, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Returns an ar archive, whose members begin at even offsets. */
export function ar(members: readonly (readonly [name: string, content: Uint8Array])[], mtimeSeconds: number): Buffer {
  const parts = members.flatMap(([name, content]) => [
    Buffer.from(
      `${name.padEnd(16)}${`${mtimeSeconds}`.padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${`${content.length}`.padEnd(10)}\`\n`,
    ),
    content,
    Buffer.alloc(content.length & 1, "\n"),
  ]);
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}

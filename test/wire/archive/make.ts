import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/** One entry of an archive that a test makes; its fields can lie. */
export interface MadeEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Of tar: type flag. */
  readonly type?: string;
  /** Of zip. */
  readonly isStored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  readonly unixMode?: number;
  /** What the headers say instead of the content's. */
  readonly bytes?: number;
}

function bytesOf({ content = "" }: MadeEntry): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

export function tar(entries: readonly MadeEntry[]): Uint8Array {
  const blocks = entries.flatMap((entry) => {
    const content = bytesOf(entry);
    const header = Buffer.alloc(512);
    header.write(entry.name, 0, 100);
    header.write("0000644\0", 100);
    header.write(`${(entry.bytes ?? content.length).toString(8).padStart(11, "0")}\0`, 124);
    header.write(entry.type ?? "0", 156);
    header.write("ustar\x0000", 257);
    header.fill(" ", 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.concat([content], Math.ceil(content.length / 512) * 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function tarGz(entries: readonly MadeEntry[]): Uint8Array {
  return gzipSync(tar(entries));
}

export function zip(entries: readonly MadeEntry[]): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const content = bytesOf(entry);
    const packed = entry.isStored ? content : deflateRawSync(content);
    const name = Buffer.from(entry.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.flags ?? 0, 2);
    common.writeUInt16LE(entry.method ?? (entry.isStored ? 0 : 8), 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.bytes ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.unixMode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    central.push(Buffer.from("PK\x01\x02\x14\x03"), common, tail, name);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

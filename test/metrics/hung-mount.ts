/** Mounts a file system that answers nothing but its first request, as one does whose server is gone. `bun hung-mount.ts FOLDER` */
import { dlopen, ptr } from "bun:ffi";
import { openSync, readSync, writeSync } from "node:fs";

const { symbols: libc } = dlopen("libc.so.6", {
  mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
});
const text = (words: string) => Buffer.from(`${words}\0`);
const device = openSync("/dev/fuse", "r+");
const options = text(`fd=${device},rootmode=40000,user_id=0,group_id=0`);
const [source, folder, type] = [text("nas"), text(process.argv[2]!), text("fuse.nas")];
if (libc.mount(ptr(source), ptr(folder), ptr(type), 0, ptr(options)) !== 0) throw new Error("Cannot mount");
console.log("mounted");

const FUSE_INIT = 26;
const request = Buffer.alloc(1 << 20);
for (;;) {
  readSync(device, request, 0, request.length, null);
  if (request.readUInt32LE(4) !== FUSE_INIT) continue;
  // Header: length, no error, the request's number. Then version 7.31, and bounds.
  const answer = Buffer.alloc(16 + 64);
  answer.writeUInt32LE(answer.length, 0);
  request.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(7, 16);
  answer.writeUInt32LE(31, 20);
  answer.writeUInt16LE(16, 32);
  answer.writeUInt16LE(12, 34);
  answer.writeUInt32LE(128 * 1024, 36);
  writeSync(device, answer);
}

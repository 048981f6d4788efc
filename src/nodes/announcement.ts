/** What a node tells the others from time to time: how many messages of each listener it has sent. */
export interface Announcement {
  readonly node: string;
  readonly name: string;
  readonly sent: Readonly<Record<string, number>>;
  /** It stops: nothing more will come. */
  readonly isLast: boolean;
}

const MAX_BYTES = 256 * 1024;
const MAX_NAME = 253;

/** Returns an announcement that another node sent; undefined for anything else, which anybody could send. */
export function readAnnouncement(data: Uint8Array): Announcement | undefined {
  if (data.length > MAX_BYTES) return undefined;
  try {
    const { node, name, sent, isLast } = JSON.parse(new TextDecoder().decode(data)) as Partial<Announcement>;
    const isRight =
      typeof node === "string" &&
      /^[0-9a-f]{16}$/.test(node) &&
      typeof name === "string" &&
      name.length <= MAX_NAME &&
      typeof sent === "object" &&
      sent !== null &&
      Object.values(sent).every((count) => Number.isSafeInteger(count) && count >= 0);
    return isRight ? { node, name, sent, isLast: isLast === true } : undefined;
  } catch {
    return undefined;
  }
}

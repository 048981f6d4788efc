import { expect, test } from "bun:test";
import { openHost, type StatFs } from "../../src/metrics/mod.ts";
import { fakeRoot } from "./host-support.ts";

const MOUNTS = `
22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /tmp rw shared:2 - tmpfs tmpfs rw
24 22 8:1 / /srv/backup rw shared:3 - ext4 /dev/sda1 ro
25 22 8:1 /data /var/lib/thing rw shared:4 - ext4 /dev/sda1 rw
26 22 0:40 / /mnt/nas rw shared:5 - nfs4 nas:/export rw
27 22 0:41 / /run/docker/netns/x rw shared:6 - nsfs nsfs rw
28 22 0:42 / /mnt/remote rw shared:7 - fuse.sshfs box: rw
29 22 0:43 / /mnt/btrfs rw shared:8 - btrfs /dev/sdb rw
`;

const sizes = (blocks: number, bfree: number, bavail: number, files = 0, ffree = 0): StatFs => ({
  bsize: 4096,
  blocks,
  bfree,
  bavail,
  files,
  ffree,
});

test("file systems are listed once each, as full as df says; memory is left out, and one that hangs has no sizes", async () => {
  using machine = fakeRoot({ "/proc/1/mountinfo": MOUNTS });
  const answers: Record<string, StatFs> = {
    "/": sizes(1000, 300, 250, 100, 5),
    "/srv/backup": sizes(500, 500, 500),
    "/mnt/btrfs": sizes(10, 1, 1),
    "/mnt/remote": sizes(0, 0, 0),
  };
  const statfs = async (mountPoint: string) => answers[mountPoint] ?? Promise.reject(new Error("ETIMEDOUT"));
  const host = openHost({ root: machine.root, statfs, statfsNow: (mountPoint) => answers[mountPoint]! });
  const shown = (await host.fileSystems()).map(({ mountPoint, isReadOnly, sizes: all }) => [
    mountPoint,
    isReadOnly,
    all?.usedShare,
    all?.usedFilesShare,
  ]);
  expect(shown).toEqual([
    ["/", false, 700 / 950, 0.95],
    ["/mnt/btrfs", false, 0.9, undefined],
    ["/mnt/nas", false, undefined, undefined],
    ["/srv/backup", true, 0, undefined],
  ]);
});

test("a container's root, an overlay, is listed", async () => {
  using machine = fakeRoot({ "/proc/1/mountinfo": "1 0 0:50 / / rw - overlay overlay rw,lowerdir=/a\n" });
  const host = openHost({ root: machine.root, statfs: async () => sizes(100, 10, 10) });
  expect(await host.fileSystems()).toMatchObject([{ mountPoint: "/", sizes: { totalBytes: 409_600, usedShare: 0.9 } }]);
});

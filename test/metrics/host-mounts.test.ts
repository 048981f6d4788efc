import { expect, test } from "bun:test";
import { shownMounts } from "../../src/metrics/host/mount-table.ts";
import { parseMountinfo } from "../../src/metrics/host/mounts.ts";
import { openSources } from "../../src/metrics/host/sources.ts";

test.each([
  ["the root whatever it is, and disks", ["/ overlay overlay", "/srv ext4 /dev/sda1"], ["/", "/srv"]],
  ["of binds of one device the shortest", ["/ ext4 /dev/sda1", "/var/lib/x ext4 /dev/sda1"], ["/"]],
  ["of several over each other the last", ["/ ext4 /dev/a", "/ ext4 /dev/b"], ["/"]],
  ["subvolumes once", ["/ btrfs /dev/sda2", "/home btrfs /dev/sda2"], ["/"]],
  ["a server's share", ["/ ext4 /dev/a", "/media/nas nfs4 nas:/media"], ["/", "/media/nas"]],
  ["memory that may fill, not the system's", ["/ ext4 /dev/a", "/run tmpfs tmpfs", "/tmp tmpfs tmpfs"], ["/", "/tmp"]],
  ["no file of a container's engine", ["/ overlay overlay", "/etc/hosts ext4 /dev/sda1"], ["/"]],
  ["nothing of the kernel", ["/ ext4 /dev/a", "/proc proc proc", "/sys sysfs sysfs", "/dev devtmpfs udev"], ["/"]],
])("the table of mounts has %s", (_, lines, shown) => {
  const text = lines
    .map((line) => line.split(" "))
    .map(([at, type, device]) => `1 0 0:1 / ${at} rw - ${type} ${device} rw`);
  expect(shownMounts(parseMountinfo(text.join("\n")), openSources({})).map(({ mountPoint }) => mountPoint)).toEqual(
    shown,
  );
});

import { describe, expect, test } from "bun:test";
import { addDisks, parseDiskstats, parseUdev } from "../../src/metrics/host/disk.ts";
import { type HostFiles, hostFiles } from "../../src/metrics/host/files.ts";
import { addFilesystems, parseMountinfo, readMounts, type StatFs } from "../../src/metrics/host/mounts.ts";
import { openSources } from "../../src/metrics/host/sources.ts";
import { TimedCalls } from "../../src/metrics/host/timed-calls.ts";
import { RASPBERRY_PI_4 } from "./host-machines.ts";
import { added, fakeRoot } from "./host-support.ts";

describe("/proc/diskstats", () => {
  test("becomes bytes and seconds of whole disks", async () => {
    using machine = fakeRoot(RASPBERRY_PI_4);
    const disks = parseDiskstats(RASPBERRY_PI_4["/proc/diskstats"]!);
    const exclude = /^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;
    const values = await added((builder) => addDisks(builder, disks, hostFiles(machine.root), exclude));
    // An SD card's partitions are not left out by node_exporter; the second disk has the columns of an old kernel.
    expect(Object.keys(values)).toHaveLength(17 + 17 + 11 + 3);
    expect(values).toMatchObject({
      'node_disk_reads_completed_total{device="mmcblk0"}': 20345,
      'node_disk_read_bytes_total{device="mmcblk0"}': 1834567 * 512,
      'node_disk_write_time_seconds_total{device="mmcblk0"}': 98.765,
      'node_disk_io_time_seconds_total{device="mmcblk0"}': 54.321,
      'node_disk_flush_requests_total{device="mmcblk0p1"}': 0,
      'node_disk_io_now{device="sda"}': 1,
      'node_disk_info{device="mmcblk0",major="179",minor="0"}': 1,
      'node_disk_info{device="sda",major="8",minor="0",model="PSSD_T7",path="platform-usb-0",serial="S5T=1"}': 1,
    });
  });

  test("leaves out lines that are none", () => {
    expect(parseDiskstats("8 0\n8 x sda 1\n\n8 0 sda")).toEqual([
      { device: "sda", major: "8", minor: "0", values: new Map() },
    ]);
  });

  test("udev's properties are some of its lines", () => {
    expect([...parseUdev("S:x\nE:A=b=c\nE:nothing\nI:1\n")]).toEqual([["A", "b=c"]]);
  });
});

const SIZES: StatFs = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 1000, ffree: 900 };

const MOUNTS = parseMountinfo(RASPBERRY_PI_4["/proc/1/mountinfo"]!);

function filesystems(statfs: (mountPoint: string) => Promise<StatFs>, calls = new TimedCalls()) {
  const timeouts = { mounts: calls, devices: new TimedCalls() };
  return added((builder) => addFilesystems(builder, MOUNTS, openSources({ statfs, statfsNow: () => SIZES, timeouts })));
}

const NAS = 'device="nas:/export/one",fstype="nfs4",mountpoint="/mnt/nas one"';

describe("mounts", () => {
  test("are listed with their sizes unless excluded", async () => {
    const values = await filesystems(async () => SIZES);
    const mounts = Object.keys(values).filter((name) => name.startsWith("node_filesystem_size_bytes"));
    expect(mounts.map((name) => /mountpoint="(.*)"/.exec(name)?.[1])).toEqual([
      "/",
      "/run",
      "/boot/firmware",
      "/mnt/nas one",
      "/media/backup",
    ]);
    expect(values).toMatchObject({
      [`node_filesystem_size_bytes{${NAS}}`]: 409600,
      [`node_filesystem_free_bytes{${NAS}}`]: 204800,
      [`node_filesystem_avail_bytes{${NAS}}`]: 163840,
      [`node_filesystem_files{${NAS}}`]: 1000,
      [`node_filesystem_files_free{${NAS}}`]: 900,
      [`node_filesystem_device_error{${NAS}}`]: 0,
      [`node_filesystem_readonly{${NAS}}`]: 0,
      'node_filesystem_readonly{device="/dev/sda1",fstype="ext4",mountpoint="/media/backup"}': 1,
    });
  });

  test("of the machine are told in a container where its root is mounted, under their own paths", async () => {
    const text = [
      "1 0 0:1 / / rw - overlay overlay rw",
      "2 1 8:1 / /host ro - ext4 /dev/sda1 rw",
      "3 2 8:2 / /host/boot ro - vfat /dev/sda2 rw",
      "4 2 0:5 / /host/proc ro - proc proc rw",
      "5 1 8:1 /kubelet /etc/tenk ro - ext4 /dev/sda1 rw",
      "7 2 0:9 / /host/var/lib/kubelet/pods/1/volumes/token ro - tmpfs tmpfs rw",
      "6 1 8:1 / /hosted ro - ext4 /dev/sda1 rw",
    ].join("\n");
    const files = { text: (path: string) => (path === "/proc/self/mountinfo" ? text : "1 0 0:1 / / rw - ext4 no rw") };
    const mounts = readMounts(files as HostFiles, "/host");
    expect(mounts?.map(({ mountPoint }) => mountPoint)).toEqual([
      "/",
      "/boot",
      "/proc",
      "/var/lib/kubelet/pods/1/volumes/token",
    ]);
    const asked: string[] = [];
    const statfsNow = (path: string) => {
      asked.push(path);
      return SIZES;
    };
    const sources = openSources({ statfs: async (path) => statfsNow(path), statfsNow, mountedRoot: "/host" });
    const values = await added((builder) => addFilesystems(builder, mounts!, sources));
    expect(asked).toEqual(["/host/", "/host/boot"]);
    expect(Object.keys(values)).toContain(
      'node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"}',
    );
  });

  test("one that hangs is reported, is not called again, and does not affect others", async () => {
    const calls = new TimedCalls({ timeoutMs: 100 });
    let asked = 0;
    const statfs = (mountPoint: string) => {
      if (!mountPoint.startsWith("/mnt")) return Promise.resolve(SIZES);
      asked += 1;
      return new Promise<StatFs>(() => {});
    };
    for (let scrape = 0; scrape < 3; scrape++) {
      const values = await filesystems(statfs, calls);
      expect(
        values[
          `node_filesystem_device_error{device="nas:/export/one",device_error="mountpoint timeout",${NAS.slice(NAS.indexOf("fstype"))}}`
        ],
      ).toBe(1);
      expect(values[`node_filesystem_size_bytes{${NAS}}`]).toBeUndefined();
      expect(Object.keys(values).filter((name) => name.startsWith("node_filesystem_size_bytes"))).toHaveLength(4);
    }
    expect(asked).toBe(1);
  });

  test("the root is still known when all others hang", async () => {
    const values = await filesystems(() => new Promise(() => {}), new TimedCalls({ timeoutMs: 100, maxRunning: 2 }));
    expect(values['node_filesystem_size_bytes{device="/dev/mmcblk0p2",fstype="ext4",mountpoint="/"}']).toBe(409600);
    const reasons = Object.keys(values).map((name) => /device_error="(.*?)"/.exec(name)?.[1]);
    expect(new Set(reasons)).toEqual(new Set([undefined, "mountpoint timeout", "no free thread"]));
  });

  test.each([
    [Object.assign(new Error("x"), { code: "EACCES" }), "EACCES"],
    [new Error("some long text with a path in it"), "error"],
  ])("one that refuses says why", async (error, reason) => {
    const values = await filesystems(() => Promise.reject(error));
    expect(Object.keys(values).filter((name) => name.includes(`device_error="${reason}"`))).toHaveLength(8);
  });

  test.each([
    ["25 1 8:1 / /a\\040b\\134c\\012 rw - ext4 /dev/x rw", { mountPoint: "/a b\\c\n", device: "/dev/x" }],
    ["25 1 8:1 / / rw shared:1 master:2 - fuse.sshfs pi@host:/ rw", { fsType: "fuse.sshfs", device: "pi@host:/" }],
    ["25 1 8:1 / / rw - ext4 /dev/x rw,errors=remount-ro,emergency_ro", { isReadOnly: true }],
    ["25 1 8:1 / / rw - ext4 /dev/x rw,errors=remount-ro", { isReadOnly: false }],
  ])("mountinfo %p", (line, expected) => {
    expect(parseMountinfo(`${line}\n`)).toMatchObject([expected]);
  });

  test.each(["", "25 1 8:1 / / rw", "25 1 8:1 / / rw - ext4", " - a b c"])("no mount: %p", (line) => {
    expect(parseMountinfo(line)).toEqual([]);
  });
});

# Starts a systemd that sees none of this machine's units, in namespaces of its own: $1 is a folder of units, $2 the repository, $3 the
# folder of the runtime.
set -e
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/lock /run/units /run/dbus
cp "$1"/* /run/units/
# Both may be below /tmp, which is hidden.
mkdir /run/source /run/runtime
mount --bind "$2" /run/source
mount --bind "$3" /run/runtime
for each in /run/source /run/runtime; do mount -o remount,ro,bind "$each"; done
mount -t tmpfs none /var
mount -t tmpfs none /tmp
umount /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup || true
mount -o remount,ro,bind /
# systemd cleans folders of the machine that it takes for its own: it must be able to write none of them.
for each in /etc /run/source /run/runtime; do
  if touch "$each/.tenk-test" 2>/dev/null; then echo "the sandbox has a leak: $each" >&2; exit 1; fi
done
if [ -e "$1" ]; then echo "the sandbox has a leak: $1" >&2; exit 1; fi
export SYSTEMD_UNIT_PATH=/run/units container=tenk-test
exec /lib/systemd/systemd --system --unit=test.target --log-target=null --show-status=no

/** Files of a Raspberry Pi 4 (Raspberry Pi OS 12, Linux 6.6, booted an hour ago), shortened where lines repeat. */
export const RASPBERRY_PI_4: Readonly<Record<string, string>> = {
  "/etc/os-release": `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`,
  "/proc/stat": `cpu  51234 12 20345 1423456 2345 0 678 0 0 0
cpu0 12345 3 5012 355800 600 0 600 0 0 0
cpu1 13000 3 5100 355900 580 0 30 0 0 0
cpu2 12900 3 5120 355870 590 0 28 0 0 0
cpu3 12989 3 5113 355886 575 0 20 0 0 0
intr 9876543 0 123 456 0 0
ctxt 12345678
btime 1700000000
processes 4321
procs_running 2
procs_blocked 1
softirq 3456789 1 2 3 4 5 6 7 8 9 10
`,
  "/proc/uptime": "3600.25 14234.56\n",
  "/proc/loadavg": "0.42 0.31 0.20 2/187 4321\n",
  "/proc/meminfo": `MemTotal:        3882432 kB
MemFree:         2105000 kB
MemAvailable:    3300112 kB
Buffers:           61000 kB
Cached:          1230044 kB
SwapCached:            0 kB
Active(anon):     120000 kB
SwapTotal:        102396 kB
SwapFree:         102396 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
CmaTotal:         524288 kB
CmaFree:          480000 kB
`,
  "/proc/vmstat":
    "nr_free_pages 526250\npgpgin 1234567\npgpgout 765432\npswpin 0\npswpout 0\npgfault 9999999\noom_kill 0\n",
  "/proc/sys/fs/file-nr": "1984\t0\t388243\n",
  "/proc/sys/kernel/random/entropy_avail": "256\n",
  "/proc/sys/kernel/random/poolsize": "256\n",
  "/proc/sys/kernel/ostype": "Linux\n",
  "/proc/sys/kernel/osrelease": "6.6.31+rpt-rpi-v8\n",
  "/proc/sys/kernel/version": "#1 SMP PREEMPT Debian 1:6.6.31-1+rpt1 (2024-05-29)\n",
  "/proc/sys/kernel/hostname": "pi\n",
  "/proc/sys/kernel/domainname": "(none)\n",
  "/proc/diskstats": ` 179       0 mmcblk0 20345 8123 1834567 45678 9876 12345 456789 98765 0 54321 144443 0 0 0 0 0 0
 179       1 mmcblk0p1 300 1200 20000 500 2 0 2 1 0 400 501 0 0 0 0 0 0
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
   8       0 sda 1000 10 80000 2500 500 20 40000 1500 1 3000 4000
   8       1 sda1 990 10 79000 2400 500 20 40000 1500 0 2900 3900
`,
  "/run/udev/data/b8:0":
    "S:disk/by-id/usb-Samsung\nE:ID_MODEL=PSSD_T7\nE:ID_SERIAL_SHORT=S5T=1\nE:ID_PATH=platform-usb-0\n",
  "/proc/1/mountinfo": `25 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw
26 25 0:5 / /dev rw,relatime shared:2 - devtmpfs udev rw,size=1674860k
27 25 0:21 / /proc rw,relatime shared:12 - proc proc rw
28 25 0:22 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=776488k
29 25 179:1 / /boot/firmware rw,relatime shared:30 - vfat /dev/mmcblk0p1 rw,fmask=0022
30 25 0:45 / /mnt/nas\\040one rw,relatime shared:40 - nfs4 nas:/export/one rw,vers=4.2,hard
31 25 8:1 / /media/backup ro,relatime shared:41 - ext4 /dev/sda1 rw
`,
  "/proc/net/dev": `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  123456    1234    0    0    0     0          0         0   123456    1234    0    0    0     0       0          0
  eth0: 987654321 1234567    1    2    3     4          5       678 123456789  765432    6    7    8     9      10         11
 wlan0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`,
  "/sys/class/net/eth0/statistics/rx_nohandler": "12\n",
  "/sys/class/net/eth0/operstate": "up\n",
  "/sys/class/net/eth0/address": "dc:a6:32:01:02:03\n",
  "/sys/class/net/eth0/broadcast": "ff:ff:ff:ff:ff:ff\n",
  "/sys/class/net/eth0/duplex": "full\n",
  "/sys/class/net/eth0/ifalias": "",
  "/sys/class/net/eth0/speed": "1000\n",
  "/sys/class/net/eth0/mtu": "1500\n",
  "/sys/class/net/eth0/flags": "0x1003\n",
  "/sys/class/net/eth0/carrier": "1\n",
  "/sys/class/net/eth0/carrier_changes": "2\n",
  "/sys/class/net/eth0/device/uevent": "",
  "/sys/class/net/wlan0/operstate": "down\n",
  "/proc/net/netstat": `TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops TCPTimeouts TCPSynRetrans TCPOFOQueue
TcpExt: 1 2 3 4 5 6 7
IpExt: InNoRoutes InOctets OutOctets
IpExt: 0 1000 2000
`,
  "/proc/net/snmp": `Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 100
Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts
Tcp: 1 -1 10 20 30 40 50 60 70 80
`,
  "/proc/net/snmp6":
    "Ip6InReceives                   \t5\nIp6InOctets                     \t600\nUdp6NoPorts                     \t3\n",
  "/proc/net/sockstat": `sockets: used 187
TCP: inuse 10012 orphan 1 tw 5 alloc 10020 mem 12
UDP: inuse 6 mem 3
FRAG: inuse 0 memory 0
`,
  "/proc/net/arp": `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         dc:15:c8:00:00:01     *        eth0
192.168.1.7      0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.2         0x1         0x2         02:42:0a:00:00:02     *        docker0
`,
  "/proc/net/udp": `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  412: 00000000:14E9 00000000:0000 07 00000010:000000A0 00:00000000 00000000   104        0 15521 2 0000000000000000 0
  500: 0100007F:0035 00000000:0000 07 00000000:00000001 00:00000000 00000000   104        0 15522 2 0000000000000000 0
`,
  "/proc/net/sockstat6": "TCP6: inuse 4\n",
  "/proc/self/statm": "2560 1 1 1 0 1 0\n",
  "/proc/self/status": "Name:\tbun\nVmSize:\t   10244 kB\n",
  "/sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
  "/sys/class/thermal/thermal_zone0/temp": "48312\n",
  "/sys/class/thermal/thermal_zone0/policy": "step_wise\n",
  "/sys/class/thermal/cooling_device0/type": "gpio-fan\n",
  "/sys/class/thermal/cooling_device0/cur_state": "0\n",
  "/sys/class/thermal/cooling_device0/max_state": "1\n",
  "/sys/devices/virtual/thermal/thermal_zone0/type": "cpu-thermal\n",
  "/sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
  "/sys/class/hwmon/hwmon0/temp1_input": "48312\n",
  "/sys/class/hwmon/hwmon0/device": "→ /sys/devices/virtual/thermal/thermal_zone0",
  "/sys/devices/platform/soc/soc:firmware/raspberrypi-hwmon/uevent": "",
  "/sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
  "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
  "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n",
  "/sys/class/hwmon/hwmon1/device": "→ /sys/devices/platform/soc/soc:firmware/raspberrypi-hwmon",
  "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_cur_freq": "1500000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_min_freq": "600000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq": "600000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq": "1800000\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver": "cpufreq-dt\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/related_cpus": "0 1 2 3\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_setspeed": "<unsupported>\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors": "ondemand performance \n",
  "/sys/devices/system/clocksource/clocksource0/available_clocksource": "arch_sys_counter \n",
  "/sys/devices/system/clocksource/clocksource0/current_clocksource": "arch_sys_counter\n",
  "/sys/block/mmcblk0/device/name": "BJTD4R\n",
  "/sys/block/mmcblk0/device/life_time": "0x01 0x03\n",
  "/sys/block/mmcblk0/device/pre_eol_info": "0x01\n",
};

/** Files of an x86 server that a Raspberry Pi does not have. */
export const X86_SERVER: Readonly<Record<string, string>> = {
  "/proc/stat": `cpu  2 0 0 0 0 0 0 0 0 0 77
cpu0 1000 200 300 4000 50 6 7 8 90 10 77
cpu13 1 2 3 4 5 6 7 8 9 10
ctxt 5
btime 1600000000
`,
  "/sys/devices/platform/coretemp.0/uevent": "",
  "/sys/class/hwmon/hwmon2/device": "→ /sys/devices/platform/coretemp.0",
  "/sys/class/hwmon/hwmon2/name": "coretemp\n",
  "/sys/class/hwmon/hwmon2/temp1_input": "55000\n",
  "/sys/class/hwmon/hwmon2/temp1_label": "Package id 0\n",
  "/sys/class/hwmon/hwmon2/temp1_max": "80000\n",
  "/sys/class/hwmon/hwmon2/temp1_crit_alarm": "0\n",
  "/sys/devices/platform/nct6775.656/uevent": "",
  "/sys/class/hwmon/hwmon3/device": "→ /sys/devices/platform/nct6775.656",
  "/sys/class/hwmon/hwmon3/name": "nct6798\n",
  "/sys/class/hwmon/hwmon3/fan2_input": "1104\n",
  "/sys/class/hwmon/hwmon3/fan2_alarm": "0\n",
  "/sys/class/hwmon/hwmon3/fan2_beep": "1\n",
  "/sys/class/hwmon/hwmon3/fan2_pulses": "2\n",
  "/sys/class/hwmon/hwmon3/fan2_min": "0\n",
  "/sys/class/hwmon/hwmon3/pwm2": "153\n",
  "/sys/class/hwmon/hwmon3/pwm2_enable": "5\n",
  "/sys/class/hwmon/hwmon3/in7_input": "3312\n",
  "/sys/class/hwmon/hwmon3/in7_max": "3628\n",
  "/sys/class/hwmon/hwmon3/intrusion0_alarm": "1\n",
  "/sys/class/hwmon/hwmon3/beep_enable": "0\n",
  "/sys/class/hwmon/hwmon3/temp3_type": "4\n",
  "/sys/class/hwmon/hwmon3/temp3_fault": "0\n",
  "/sys/class/hwmon/hwmon3/update_interval": "1000\n",
  "/sys/class/hwmon/hwmon4/name": "power-meter.1\n",
  "/sys/class/hwmon/hwmon4/power1_average": "95000000\n",
  "/sys/class/hwmon/hwmon4/power1_average_interval": "300\n",
  "/sys/class/hwmon/hwmon4/power1_accuracy": "95500\n",
  "/sys/class/hwmon/hwmon4/energy1_input": "123456789\n",
  "/sys/class/hwmon/hwmon4/curr1_input": "1500\n",
  "/sys/class/hwmon/hwmon4/humidity1_input": "45000\n",
  "/proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n",
  "/proc/pressure/io": `some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000
full avg10=0.00 avg60=0.00 avg300=0.00 total=1250000
`,
  "/proc/pressure/memory": `some avg10=0.00 avg60=0.00 avg300=0.00 total=3
full avg10=0.00 avg60=0.00 avg300=0.00 total=2
`,
  "/proc/pressure/irq": "full avg10=0.00 avg60=0.00 avg300=0.00 total=4000000\n",
  "/proc/schedstat": `version 15
timestamp 4295000000
cpu0 0 0 0 0 0 0 1500000000 2500000000 42
domain0 03 0 0 0 0
cpu1 0 0 0 0 0 0 1000000000 0 7 99
`,
  "/proc/net/softnet_stat": `0000000a 0000000b 0000000c 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
000000ff 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000003
`,
  "/proc/sys/net/netfilter/nf_conntrack_count": "123\n",
  "/proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
  "/proc/net/stat/nf_conntrack": `entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
0000000a  00000000 00000001 00000000 00000002 00000003 00000000 00000000 00000004 00000005 00000006 00000007 00000000  00000000 00000000 00000000 00000008
0000000a  00000000 00000010 00000000 00000020 00000030 00000000 00000000 00000040 00000050 00000060 00000070 00000000  00000000 00000000 00000000 00000080
`,
};

/** A container of half a core and 256 MiB, on a host with cgroups v2. */
export const CONTAINER: Readonly<Record<string, string>> = {
  "/proc/stat": "cpu0 1 0 0 1\ncpu1 1 0 0 1\n",
  "/proc/meminfo": "MemTotal: 8000000 kB\n",
  "/proc/self/cgroup": "0::/\n",
  "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n",
  "/sys/fs/cgroup/memory.max": "268435456\n",
  "/sys/fs/cgroup/memory.current": "104857600\n",
  "/sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 4857600\n",
  "/sys/fs/cgroup/cpu.max": "50000 100000\n",
  "/sys/fs/cgroup/cpu.stat": "usage_usec 12500000\n",
};

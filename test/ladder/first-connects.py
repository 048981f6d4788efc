"""Writes when the first SYN of each address came to a port, by the kernel's time stamps: ADDRESS NANOSECONDS. Ends with its input."""
import select, socket, struct, sys

port = int(sys.argv[1])
SO_TIMESTAMPNS = 35
capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
capture.bind(("br0", 0x0800))
capture.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
seen = set()
print("ready", flush=True)
while True:
    ready, _, _ = select.select([capture, sys.stdin], [], [])
    if sys.stdin in ready:
        break
    packet, extra, _, _ = capture.recvmsg(128, 256)
    tcp = (packet[0] & 15) * 4
    if packet[9] != 6 or struct.unpack(">H", packet[tcp + 2 : tcp + 4])[0] != port or packet[tcp + 13] & 0x12 != 2:
        continue
    source = socket.inet_ntoa(packet[12:16])
    if source in seen:
        continue
    seen.add(source)
    seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
    print(source, seconds * 10**9 + nanoseconds, flush=True)

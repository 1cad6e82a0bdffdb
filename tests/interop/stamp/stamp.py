"""A STAMP sender and reflector written from RFC 8762 with nothing but struct, to hold ours against.

stamp.py send ADDRESS PORT COUNT       prints one JSON object: what came back for each packet
stamp.py reflect PORT-FILE DROP-AHEAD DROP-BACK
                                       reflects with state for ever, at a port that it writes to PORT-FILE; loses every
                                       packet whose number is divisible by DROP-AHEAD before it is counted, and every
                                       answer whose own number is divisible by DROP-BACK (0: none)
"""

import json
import socket
import struct
import sys
import time

# Figure 2: sequence, timestamp (two words), error estimate, then zero to 44 octets.
SENT = struct.Struct("!IIIH30x")
# Figure 5: sequence, timestamp, error estimate, zero, receive timestamp, and the sender's four, TTL, zero.
REFLECTED = struct.Struct("!IIIHxxIIIIIHxxBxxx")
ERROR = 0x0001


def ntp():
    now = time.time_ns()
    return now // 10**9 + 2208988800, (now % 10**9 << 32) // 10**9


def send(address, port, count):
    udp = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(2)
    udp.connect((address, port))
    answers = []
    for number in range(count):
        stamp = ntp()
        # One TLV of an unknown type after the base, to see it come back marked (RFC 8972, section 4).
        tlv = struct.pack("!BBH4s", 0, 200, 4, b"abcd") if number % 2 else b""
        packet = SENT.pack(number, *stamp, ERROR) + tlv
        udp.send(packet)
        reply = udp.recv(2000)
        fields = REFLECTED.unpack(reply[: REFLECTED.size])
        answers.append(
            {
                "length": [len(packet), len(reply)],
                "number": fields[0],
                "error": fields[3],
                "receive": fields[4:6],
                "transmit": fields[1:3],
                "echoed": fields[6:10] == (number, *stamp, ERROR),
                "ttl": fields[10],
                "tlv": reply[REFLECTED.size :].hex(),
            }
        )
    print(json.dumps(answers))


def reflect(port_file, drop_ahead, drop_back):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(str(udp.getsockname()[1]))
    import os

    os.rename(port_file + ".new", port_file)
    counts = {}
    while True:
        packet, source = udp.recvfrom(2000)
        received = ntp()
        number, seconds, fraction, error = SENT.unpack(packet[: SENT.size])
        if drop_ahead and number % drop_ahead == 0:
            continue
        own = counts.get(source, 0)
        counts[source] = own + 1
        if drop_back and own % drop_back == 0:
            continue
        reply = REFLECTED.pack(own, *ntp(), ERROR, *received, number, seconds, fraction, error, 255)
        udp.sendto(reply + packet[SENT.size :], source)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        reflect(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

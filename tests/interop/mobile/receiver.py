"""A satellite receiver on a straight road: NMEA 0183 over TCP, one position a second, for a gpsd that connects to it.

    python3 receiver.py PORT LONGITUDE LATITUDE METRES_PER_SECOND_EASTWARDS BEGAN_UNIX_S NO_FIX_FROM_S NO_FIX_TO_S

The position of second t is LONGITUDE + (t - BEGAN) * speed, at 111 320 m a degree of the equator, and is sent 0.15 s after t, as
receivers do. From NO_FIX_FROM to NO_FIX_TO seconds after BEGAN it sees no satellite.
"""

import datetime
import math
import socket
import sys
import time

PORT = int(sys.argv[1])
LONGITUDE, LATITUDE, SPEED, BEGAN, NO_FIX_FROM, NO_FIX_TO = map(float, sys.argv[2:])
LATENCY_S = 0.15
METRES_A_DEGREE = 111_320.0 * math.cos(math.radians(LATITUDE))


def sentence(body):
    checksum = 0
    for octet in body.encode("ascii"):
        checksum ^= octet
    return f"${body}*{checksum:02X}\r\n"


def minutes(degrees, width):
    whole = int(degrees)
    return f"{whole:0{width}d}{(degrees - whole) * 60:09.6f}"


def second(moment):
    elapsed = moment - BEGAN
    utc = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    clock, date = utc.strftime("%H%M%S.00"), utc.strftime("%d%m%y")
    if NO_FIX_FROM <= elapsed < NO_FIX_TO:
        return (
            sentence(f"GPGGA,{clock},,,,,0,00,99.9,,M,,M,,")
            + sentence("GPGSA,A,1,,,,,,,,,,,,,99.9,99.9,99.9")
            + sentence(f"GPRMC,{clock},V,,,,,,,{date},,,N")
        )
    place = f"{minutes(LATITUDE, 2)},N,{minutes(LONGITUDE + elapsed * SPEED / METRES_A_DEGREE, 3)},E"
    return (
        sentence(f"GPGGA,{clock},{place},1,09,0.9,461.0,M,49.0,M,,")
        + sentence("GPGSA,A,3,01,02,03,04,05,06,07,08,09,,,,1.6,0.9,1.3")
        + sentence(f"GPRMC,{clock},A,{place},{SPEED * 3600 / 1852:.1f},090.0,{date},,,A")
    )


def serve(connection):
    while True:
        moment = math.floor(time.time()) + 1
        time.sleep(max(0.0, moment + LATENCY_S - time.time()))
        connection.sendall(second(moment).encode("ascii"))


def main():
    listener = socket.create_server(("127.0.0.1", PORT))
    while True:
        connection, _ = listener.accept()
        try:
            serve(connection)
        except OSError:
            pass


main()

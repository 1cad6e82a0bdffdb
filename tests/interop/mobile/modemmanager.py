"""A template of python-dbusmock: ModemManager with one modem whose radio replays a trace, one row a second.

    DBUS_SYSTEM_BUS_ADDRESS=... python3 -m dbusmock --system --template modemmanager.py \
        --parameters '{"trace": "rows.json", "began_us": "...", "rate_log": "rates.txt"}'

The trace is a list of objects with "rsrp", "rsrq", "snr" (null is unknown), "cell", "area", "nr" (whether NR carries as
well). Row n holds from the n-th second after "began_us" of CLOCK_BOOTTIME to the next, so that a test knows what was true
when. The physical identity of the cell is n modulo 504, which says what row an answer is of.

As with the real one, levels of the Signal interface are those of the last refresh, and there is none until a rate is set
up; GetCellInfo asks the modem itself. The properties are those of ModemManager 1.20 (Debian 12).
"""

import json
import time

import dbus
from dbusmock.mockobject import get_object
from gi.repository import GLib

BUS_NAME = "org.freedesktop.ModemManager1"
MAIN_OBJ = "/org/freedesktop/ModemManager1"
MAIN_IFACE = "org.freedesktop.ModemManager1"
SYSTEM_BUS = True
IS_OBJECT_MANAGER = True

MODEM = BUS_NAME + ".Modem"
SIGNAL = MODEM + ".Signal"
PATH = MAIN_OBJ + "/Modem/0"
LTE, NR = 1 << 14, 1 << 15


def row_now(state):
    elapsed_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000 - state["began_us"]
    number = max(0, elapsed_us // 1_000_000)
    return number, state["rows"][number % len(state["rows"])]


def levels(row):
    names = {"rsrp": "rsrp", "rsrq": "rsrq", "snr": "snr"}
    known = {key: dbus.Double(row[name]) for key, name in names.items() if row[name] is not None}
    return dbus.Dictionary(known, signature="sv")


def refresh(state):
    modem = get_object(PATH)
    if modem.Get(SIGNAL, "Rate") > 0:
        _, row = row_now(state)
        modem.UpdateProperties(SIGNAL, {"Lte": levels(row)})
        modem.UpdateProperties(MODEM, {"AccessTechnologies": dbus.UInt32(LTE | (NR if row["nr"] else 0))})
    return True


def cell_info(state):
    number, row = row_now(state)
    cell = {
        "cell-type": dbus.UInt32(5),
        "serving": dbus.Boolean(True),
        "operator-id": "20801",
        "tac": row["area"],
        "ci": row["cell"],
        "physical-ci": f"{number % 504:X}",
        "earfcn": dbus.UInt32(6300),
    }
    if row["rsrp"] is not None:
        cell["rsrp"] = dbus.Double(row["rsrp"])
    neighbour = {"cell-type": dbus.UInt32(5), "serving": dbus.Boolean(False), "rsrp": dbus.Double(-120.0)}
    return dbus.Array([dbus.Dictionary(cell, signature="sv"), dbus.Dictionary(neighbour, signature="sv")])


def load(mock, parameters):
    with open(parameters["trace"], encoding="utf-8") as file:
        state = {"rows": json.load(file), "began_us": int(parameters["began_us"])}

    def note(rate):
        with open(parameters["rate_log"], "a", encoding="utf-8") as log:
            log.write(f"{rate}\n")

    nothing = dbus.Dictionary({}, signature="sv")
    _, first = row_now(state)
    mock.AddObject(
        PATH,
        MODEM,
        {
            "State": dbus.Int32(11),
            "AccessTechnologies": dbus.UInt32(LTE | (NR if first["nr"] else 0)),
            "Ports": dbus.Array([dbus.Struct(("wwan0", dbus.UInt32(2)), signature="su")], signature="(su)"),
        },
        [("GetCellInfo", "", "aa{sv}", "ret = self.cell_info()")],
    )
    modem = get_object(PATH)
    modem.cell_info = lambda: cell_info(state)
    modem.note = note
    modem.AddProperties(
        MODEM + ".Modem3gpp", {"RegistrationState": dbus.UInt32(1), "OperatorCode": "20801", "OperatorName": "Essai"}
    )
    modem.AddProperties(
        SIGNAL,
        {"Rate": dbus.UInt32(0), "Gsm": nothing, "Umts": nothing, "Lte": nothing, "Nr5g": nothing},
    )
    modem.AddMethod(
        SIGNAL, "Setup", "u", "", f"self.note(int(args[0])); self.UpdateProperties('{SIGNAL}', {{'Rate': args[0]}})"
    )
    GLib.timeout_add(1000, refresh, state)

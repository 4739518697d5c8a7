"""What the devices of this machine have drawn, by their own counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import CDLL, byref, c_uint, c_ulonglong, c_void_p
from pathlib import Path

Counter = Callable[[], float | None]
"""Joules since some moment; None: nothing counts them."""

POWERCAP = Path("/sys/class/powercap")
MICRO, MILLI = 1e-6, 1e-3


def measured(counters: Sequence[Counter] | None = None) -> float | None:
    """The joules of graphics devices and processor packages together; None: nothing is counted.

    Counters are of whole devices: idle parts and what else runs on them included.
    """
    readings = [counter() for counter in counters or (graphics_joules, processor_joules)]
    known = [reading for reading in readings if reading is not None]
    return sum(known) if known else None


def processor_joules(root: Path = POWERCAP) -> float | None:
    """Of all packages, as the kernel's powercap interface counts them (RAPL).

    The counters start again at a few hundred kilojoules: a difference may then be negative.
    """
    try:
        zones = sorted(root.glob("intel-rapl:[0-9]*"))
        packages = [zone for zone in zones if zone.name.count(":") == 1]
        amounts = [int((zone / "energy_uj").read_text()) for zone in packages]
    except (OSError, ValueError):
        return None
    return sum(amounts) * MICRO if amounts else None


def graphics_joules(library: str = "libnvidia-ml.so.1") -> float | None:
    """Of all NVIDIA devices since their driver was loaded (NVML, Volta and later)."""
    count = c_uint()
    try:
        nvml = CDLL(library)
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetCount_v2(byref(count)):
            return None
        amounts = [_device_millijoules(nvml, place) for place in range(count.value)]
    except (OSError, AttributeError):
        return None
    known = [amount for amount in amounts if amount is not None]
    return sum(known) * MILLI if known else None


def _device_millijoules(nvml: CDLL, place: int) -> int | None:
    device, amount = c_void_p(), c_ulonglong()
    if nvml.nvmlDeviceGetHandleByIndex_v2(place, byref(device)):
        return None
    failed = nvml.nvmlDeviceGetTotalEnergyConsumption(device, byref(amount))
    return None if failed else amount.value

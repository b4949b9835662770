#!/usr/bin/env python3
"""Reads Tensorkeep models of version 1: a second reader, written from docs/FORMAT.md alone.

    python3 docs/read_model.py FILE...

It prints what is in each file, and checks lengths, digests, canonical form, layout and padding. It does not judge names, graphs or
signatures. It needs the package blake3, and nothing else beside Python 3.9.
"""

import json
import math
import struct
import sys

from blake3 import blake3

SIZES = {"f32": 4, "f16": 2, "bf16": 2, "f64": 8, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
SIZES |= {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "bool": 1}


class Refused(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Refused(what)


def digest(data, context=None):
    return blake3(data, derive_key_context=context).digest() if context else blake3(data).digest()


def decode(data, at=0, depth=0):
    """The CBOR item at a place, and the place behind it (RFC 8949, section 3)."""
    require(at < len(data), "CBOR ends early")
    major, minor = data[at] >> 5, data[at] & 31
    at += 1
    argument = minor
    if 24 <= minor <= 27:
        width = 1 << (minor - 24)
        require(at + width <= len(data), "CBOR ends early")
        argument, at = int.from_bytes(data[at:at + width], "big"), at + width
    require(minor <= 27, "CBOR of indefinite length")
    if major in (0, 1):
        return (argument if major == 0 else -1 - argument), at
    if major in (2, 3):
        require(at + argument <= len(data), "CBOR ends early")
        text = data[at:at + argument]
        return (text if major == 2 else text.decode()), at + argument
    if major in (4, 5):
        require(depth < 16 and argument <= len(data), "CBOR is nested too deeply or too long")
        items = []
        for _ in range(argument * (major - 3)):
            item, at = decode(data, at, depth + 1)
            items.append(item)
        return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at
    require(major == 7 and minor in (20, 21, 22, 25, 26, 27), "CBOR with tags or unknown values")
    if minor < 25:
        return {20: False, 21: True, 22: None}[minor], at
    value = struct.unpack({25: ">e", 26: ">f", 27: ">d"}[minor], data[at - width:at])[0]
    require(math.isfinite(value) and (value or math.copysign(1, value) > 0), "CBOR with a float that is not allowed")
    return value, at


def encode(item):
    """The canonical encoding (RFC 8949, section 4.2.1)."""
    def head(major, argument):
        for minor, limit, form in ((24, 1 << 8, ">B"), (25, 1 << 16, ">H"), (26, 1 << 32, ">I"), (27, 1 << 64, ">Q")):
            if argument < 24:
                return bytes([major << 5 | argument])
            if argument < limit:
                return bytes([major << 5 | minor]) + struct.pack(form, argument)
    if item is None or isinstance(item, bool):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[item]
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, float):
        for start, form in ((b"\xf9", ">e"), (b"\xfa", ">f"), (b"\xfb", ">d")):
            try:
                if struct.unpack(form, struct.pack(form, item))[0] == item:
                    return start + struct.pack(form, item)
            except OverflowError:
                pass
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(encode, item))
    return head(5, len(item)) + b"".join(key + value for key, value in sorted((encode(k), encode(v)) for k, v in item.items()))


def read(file):
    """The manifest, the block of signatures or None, and the tensors' bytes by name."""
    require(file[:8] == b"\x89TKM\r\n\x1a\n" and len(file) >= 128, "no Tensorkeep model")
    major, minor, flags, *lengths = struct.unpack("<HHI6Q", file[8:64])
    require(major == 1, f"version {major}")
    require(digest(file[:96], "tensorkeep v1 header") == file[96:128], "damaged header")
    manifest_length, block_length, start, data_length, end, reserved = lengths
    after_manifest, before_padding = 128 + manifest_length, 128 + manifest_length + block_length
    require(start == -(-before_padding // 4096) * 4096 and end == start + data_length == len(file), "wrong lengths")
    require(flags == (block_length > 0) and reserved == 0 and not any(file[before_padding:start]), "wrong flags or padding")
    encoded, block = file[128:after_manifest], file[after_manifest:before_padding]
    require(digest(encoded, "tensorkeep v1 manifest") == file[64:96], "damaged manifest")
    require(not block or digest(block[:-32], "tensorkeep v1 signatures") == block[-32:], "damaged signatures")
    manifest, used = decode(encoded)
    require(used == len(encoded) and encode(manifest) == encoded, "the manifest is not canonical")
    require(not manifest.get("critical"), "critical features are needed")
    tensors, place = {}, 0
    for tensor in manifest.get("tensors", []):
        offset, length = tensor["offset"], tensor["length"]
        require(offset == -(-place // 64) * 64, "a tensor in the wrong place")
        require(length == SIZES[tensor["dtype"]] * math.prod(tensor.get("shape", [])), "a tensor of the wrong length")
        require(not any(file[start + place:start + offset]), "padding between tensors")
        place = offset + length
        tensors[tensor["name"]] = file[start + offset:start + place]
        require(digest(tensors[tensor["name"]]) == tensor["digest"], f"damaged tensor {tensor['name']}")
    require(place == data_length and len(tensors) == len(manifest.get("tensors", [])), "bytes that belong to no tensor")
    return manifest, block[:-32] or None, tensors


def main(paths):
    failed = 0
    for path in paths:
        try:
            with open(path, "rb") as file:
                manifest, block, tensors = read(file.read())
        except (Refused, KeyError, TypeError, ValueError) as error:
            print(f"{path}: refused: {error}")
            failed = 1
            continue
        print(f"{path}: {json.dumps(manifest, default=bytes.hex)}, {len(block or b'')} bytes of signatures")
        for name, data in tensors.items():
            print(f"{path}: {name}: {len(data)} bytes, {digest(data).hex()}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

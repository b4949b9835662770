"""Verifies or makes a COSE_Sign1 with a detached payload through pycose.

    pycose_check.py verify ALG KEY.pem PAYLOAD CONTEXT BLOCK   every signature of the block, exit status 0 if all are valid
    pycose_check.py sign ALG KEY.pem PAYLOAD CONTEXT KID OUT   a block of one signature

PAYLOAD, BLOCK and OUT are files, CONTEXT is text and KID hexadecimal. Needs `pycose` and `cbor2<6`.
"""

import sys

import cbor2
from cryptography.hazmat.primitives import serialization
from pycose.headers import KID, Algorithm
from pycose.keys import EC2Key, OKPKey
from pycose.keys.curves import P256, Ed25519
from pycose.messages import Sign1Message


def cose_key(alg, path):
    pem = open(path, "rb").read()
    raw = serialization.Encoding.Raw
    if b"PRIVATE" in pem:
        private = serialization.load_pem_private_key(pem, None)
        public = private.public_key()
    else:
        private, public = None, serialization.load_pem_public_key(pem)
    if alg == "EdDSA":
        key = {"crv": Ed25519, "x": public.public_bytes(raw, serialization.PublicFormat.Raw)}
        if private:
            key["d"] = private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        return OKPKey(**key)
    numbers = public.public_numbers()
    key = {"crv": P256, "x": numbers.x.to_bytes(32, "big"), "y": numbers.y.to_bytes(32, "big")}
    if private:
        key["d"] = private.private_numbers().private_value.to_bytes(32, "big")
    return EC2Key(**key)


def verify(alg, key, payload, context, block):
    signatures = cbor2.loads(open(block, "rb").read())
    assert isinstance(signatures, list) and signatures
    for signature in signatures:
        message = Sign1Message.decode(cbor2.dumps(signature))
        assert message.payload is None, "the payload is attached"
        message.key = cose_key(alg, key)
        message.external_aad = context.encode()
        if not message.verify_signature(detached_payload=open(payload, "rb").read()):
            sys.exit("the signature does not verify")


def sign(alg, key, payload, context, kid, out):
    message = Sign1Message(phdr={Algorithm: alg}, uhdr={KID: bytes.fromhex(kid)}, payload=None)
    message.key = cose_key(alg, key)
    message.external_aad = context.encode()
    encoded = message.encode(detached_payload=open(payload, "rb").read())
    open(out, "wb").write(b"\x81" + encoded)


{"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])

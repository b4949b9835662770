"""Signs or verifies a folder through the official implementation of OpenSSF Model Signing.

    model_signing_check.py verify FOLDER BUNDLE KEY.pub.pem
    model_signing_check.py sign FOLDER BUNDLE KEY.pem HASH     HASH is sha256, blake3 or shards

Needs `model-signing` and `pyOpenSSL`.
"""

import os
import sys

from model_signing import hashing, signing, verifying


def ignored(folder, bundle):
    inside = os.path.relpath(bundle, folder)
    return [] if inside.startswith("..") else [inside]


def verify(folder, bundle, key):
    config = verifying.Config().use_elliptic_key_verifier(public_key=key)
    config.set_hashing_config(hashing.Config().set_ignored_paths(paths=ignored(folder, bundle)))
    config.verify(folder, bundle)


def sign(folder, bundle, key, kind):
    config = hashing.Config()
    if kind == "shards":
        config.use_shard_serialization(shard_size=1000)
    else:
        config.use_file_serialization(hashing_algorithm=kind)
    config.set_ignored_paths(paths=ignored(folder, bundle))
    signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(config).sign(folder, bundle)


{"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])

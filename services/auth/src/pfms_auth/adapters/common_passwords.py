"""The bundled list of common passwords."""

from importlib.resources import files


def common_passwords() -> frozenset[str]:
    text = files("pfms_auth.adapters").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))

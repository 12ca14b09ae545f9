"""What our mails say. Plain text; a link carries its secret behind `#`, where no server's log sees it."""

from dataclasses import dataclass
from datetime import timedelta

from pfms_auth.domain import invitation, link


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address."""

    to: str
    subject: str
    text: str


def verify_address(to: str, base_url: str, secret: str) -> Letter:
    return Letter(
        to,
        "Confirm your e-mail address",
        f"Welcome to PFMS.\n\nConfirm that this is your address, within {_span(link.LIFE)}:\n\n"
        f"{base_url}/verify-email#token={secret}\n\nIf you did not register, ignore this mail.\n",
    )


def address_taken(to: str, base_url: str) -> Letter:
    """To the owner of an address with which somebody tried to register again."""
    return Letter(
        to,
        "You have an account already",
        "Somebody tried to register at PFMS with your address. You have an account already; nothing was changed.\n\n"
        f"If that was you, sign in, or choose a new password: {base_url}/password-reset\n\n"
        "If it was not, you need do nothing.\n",
    )


def reset_password(to: str, base_url: str, secret: str) -> Letter:
    return Letter(
        to,
        "Choose a new password",
        f"Choose a new password within {_span(link.LIFE)}:\n\n{base_url}/password-reset#token={secret}\n\n"
        "If you did not ask for it, ignore this mail: your password stays as it is.\n",
    )


def password_changed(to: str, base_url: str) -> Letter:
    return Letter(
        to,
        "Your password was changed",
        "The password of your PFMS account was changed and every device was signed out.\n\n"
        f"If that was not you, choose a new one at once: {base_url}/password-reset\n",
    )


def session_compromised(to: str, base_url: str) -> Letter:
    return Letter(
        to,
        "A device was signed out",
        "A sign-in of your PFMS account was used from two places at once, as happens when it was copied. We ended "
        f"it.\n\nSign in again; if you know of no reason, choose a new password: {base_url}/password-reset\n",
    )


def invitation_to_book(
    to: str, base_url: str, *, invitation_id: str, secret: str, book: str, inviter: str
) -> Letter:
    return Letter(
        to,
        f"{inviter} invites you to {book}",
        f"{inviter} invites you to share the book “{book}” in PFMS.\n\nAccept or decline within "
        f"{_span(invitation.LIFE)}:\n\n{base_url}/invitations/{invitation_id}#token={secret}\n\n"
        "If you don't know the sender, ignore this mail.\n",
    )


def _span(life: timedelta) -> str:
    return f"{life.days} days" if life.days else f"{life.seconds // 60} minutes"

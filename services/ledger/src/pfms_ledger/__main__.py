"""`python -m pfms_ledger`."""

from pfms_ledger.app import SERVICE
from pfms_service.main import main

main(SERVICE)

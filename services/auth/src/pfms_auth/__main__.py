"""The command line of auth."""

from pfms_auth.app import SERVICE
from pfms_service.main import main

main(SERVICE)

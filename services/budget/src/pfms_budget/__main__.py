"""`python -m pfms_budget`."""

from pfms_budget.app import SERVICE
from pfms_service.main import main

main(SERVICE)

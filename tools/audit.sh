#!/usr/bin/env bash
# Starts the portal with a fresh demonstration on a free port and looks at every page of it in
# a browser; see tests/audit.py. Called by `make audit`, which has set everything up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec .venv/bin/python -m tests.audit "$@"

#!/usr/bin/env bash
# Installs the locked dependencies when they are missing or older than the lock file.
set -euo pipefail
cd "$(dirname "$0")/.."
# A linked node_modules belongs to another checkout: leave it alone.
if [ -L node_modules ]; then exit 0; fi
stamp=node_modules/.package-lock.json
if [ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ]; then exit 0; fi
echo "Installing dependencies (package-lock.json is newer than node_modules) ..." >&2
major=$(node -p 'process.versions.node.split(".")[0]')
# Under Node < 22 npm skips the chain's native binary, so the install itself runs under Node 24.
if [ "$major" -ge 22 ]; then npm ci --no-audit --no-fund; else npx -y -p node@24 npm ci --no-audit --no-fund; fi
touch "$stamp"

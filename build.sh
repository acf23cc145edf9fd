#!/usr/bin/env bash
# build.sh [build|test|run|bench|pack] [arguments]: the thin twin of build.ps1; all logic is in dotnet.
set -eu
cd "$(dirname "$0")"
target="${1:-build}"
[ $# -gt 0 ] && shift
case "$target" in
  build) dotnet build "$@" ;;
  test) dotnet test "$@" ;;
  run) dotnet run --project src/Morag.Failover.Node "$@" ;;
  bench) dotnet run -c Release --project benchmarks/Morag.Failover.Benchmarks -- "$@" ;;
  pack) dotnet pack -c Release -o artifacts "$@" ;;
  *) echo "build.sh: unknown target '$target'; use one of build, test, run, bench, pack" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# A meeting of two on this machine: a room on loopback, a colleague with a moving test picture and a recorded voice, and you.
# At a terminal you are in the call until you leave it; without one the call runs for 20 seconds and what was sent and received is told.
# Everything ends with this script, and nothing is left behind.
set -euo pipefail
cd "$(dirname "$0")/../.."

client=build/paravent
voice=$PWD/assets/try/colleague.wav
temp=$(mktemp -d)
children=()

clean() {
  local pid
  for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$temp"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "try: $1" >&2
  if [ -s "$2" ]; then sed 's/^/    /' "$2" >&2; fi
  exit 1
}

# The links hold tokens, so they travel through a pipe and the environment, never as arguments that other users could read.
mkfifo -m 600 "$temp/links"
build/paravent-room --port 0 --room try --name you --name colleague >"$temp/links" 2>"$temp/room.log" &
children+=($!)
you='' colleague=''
while [ -z "$you" ] || [ -z "$colleague" ]; do
  read -r name link || fail "the room did not open:" "$temp/room.log"
  case "$name" in
    you) you=$link ;;
    colleague) colleague=$link ;;
  esac
done <"$temp/links"

PARAVENT_LINK=$colleague "$client" join --name Colleague --camera pattern --background off --microphone "file:$voice" --room-gate off \
  --speaker off --watch all --face line </dev/null >"$temp/colleague.log" 2>&1 &
children+=($!)

if [ -t 0 ] && [ -t 1 ]; then
  echo "try: you are about to join your colleague; camera and microphone are off until you say so; ? helps, q leaves"
  PARAVENT_LINK=$you "$client" join --face terminal
  exit
fi

code=0
PARAVENT_LINK=$you "$client" join --name You --face line --for 20s --camera pattern --background off --microphone "file:$voice" \
  --room-gate off --speaker off --watch all --stats "$temp/stats.jsonl" </dev/null || code=$?
if [ "$code" -ne 0 ]; then
  fail "the call ended with exit code $code; the colleague says:" "$temp/colleague.log"
fi
go run ./cmd/internal/interop/summary "$temp/stats.jsonl"

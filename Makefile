# The two commands of a fresh machine are `make try` and `make test`. Everything else is for people who change the program.

.PHONY: help try test interop stay outage oracle bench lint build room setup setup-interop setup-oracle setup-signin clean

help:
	@echo 'make try      a meeting of two on this machine: you and a colleague'
	@echo 'make test     every test that needs no browser'
	@echo 'make interop  the tests against a real browser (installs Chromium)'
	@echo 'make stay     two of us and a browser stay in a room for five minutes, and two of us in one of Janus'
	@echo 'make outage   loses the link to real servers for 1, 5 and 30 seconds (Linux)'
	@echo 'make oracle   the networks against ONNX Runtime (installs it into build/)'
	@echo 'make bench    Paravent and Chromium side by side, and the benchmarks'
	@echo 'make lint     golangci-lint over every module'
	@echo 'make build    build/paravent and build/paravent-room'
	@echo 'make setup    what building and testing needs; the others call it'
	@echo 'make clean    removes build/ and the fetched node_modules'

try: build
	@packaging/dev/try.sh

# Films and rooms are made in Go, which the race detector makes ten times slower: so they run without it.
test: setup
	go test -race -short $$(go list ./... | grep -v -e /privacy/picture -e /privacy/sound -e /internal/ocr)
	go test -race -run 'Close|First|Allocat' ./privacy/picture
	go test -run 'CannotRead|HasThePassphrase|CrossesARealServer' ./media/sfu/livekit
	go test ./privacy/picture/... ./privacy/sound/... ./cmd/internal/ocr/... ./cmd/internal/faults/... ./cmd/internal/wire ./cmd/internal/accounts/...
	cd cmd/paravent-room && go test ./...
	cd ui/window/golocale && go test ./...

interop: setup-interop build
	go test -tags interop -count=1 -timeout 30m -v ./cmd/internal/interop/...

stay: setup-interop build
	PARAVENT_STAY=5m go test -tags interop -count=1 -timeout 30m -v -run Stay ./cmd/internal/interop

outage: build
	PARAVENT_ROOM=$(CURDIR)/build/paravent-room go test -count=1 -timeout 15m -v ./cmd/internal/outage

oracle: setup-oracle
	cd privacy/picture/oracle && go test -count=1 -v ./...

bench: setup-interop build
	go run -tags interop ./cmd/internal/interop/bench
	go test -run '^$$' -bench . -benchmem ./...

lint: build/bin/golangci-lint
	build/bin/golangci-lint run --build-tags interop ./...
	cd cmd/paravent-room && ../../build/bin/golangci-lint run ./...
	cd privacy/picture/oracle && ../../../build/bin/golangci-lint run ./...

build/bin/golangci-lint:
	GOBIN="$(CURDIR)/build/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

build: setup room
	go build -o build/ ./cmd/paravent

room:
	cd cmd/paravent-room && go build -o ../../build/ .

setup:
	@packaging/dev/setup.sh

setup-interop:
	@packaging/dev/setup.sh interop

setup-oracle:
	@packaging/dev/setup.sh oracle

setup-signin:
	@packaging/dev/setup.sh signin

clean:
	rm -rf build cmd/internal/interop/browser/node_modules

// Package wire is LiveKit's signalling in Go, made from livekit.proto.
package wire

//go:generate protoc --go_out=. --go_opt=paths=source_relative livekit.proto

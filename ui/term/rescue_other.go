//go:build !unix

package term

func background() {}

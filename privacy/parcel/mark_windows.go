package parcel

import "os"

// mark tells Windows that a file came from the internet ([MS-FSCC], Zone.Identifier),
// so that it warns before it opens it.
func mark(where string) error {
	return os.WriteFile(where+":Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), 0o600)
}

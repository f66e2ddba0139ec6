package livekit

import "paravent/media/sfu"

// Reasons of livekit.DisconnectReason.
const (
	reasonUnknown      = 0
	reasonClient       = 1
	reasonDuplicate    = 2
	reasonShutdown     = 3
	reasonRemoved      = 4
	reasonRoomDeleted  = 5
	reasonMismatch     = 6
	reasonJoinFailure  = 7
	reasonMigration    = 8
	reasonSignalClose  = 9
	reasonRoomClosed   = 10
	reasonUnavailable  = 11
	reasonRejected     = 12
	reasonTrunkFailure = 13
	reasonTimeout      = 14
	reasonMediaFailure = 15
	reasonAgentError   = 16
)

// Actions of livekit.LeaveRequest.Action.
const (
	actionDisconnect = 0
	actionResume     = 1
	actionReconnect  = 2
)

// endOf puts a reason to leave in this program's words.
func endOf(reason int32) sfu.Ended {
	e := sfu.Ended{Why: sfu.Refused, Detail: sfu.Foreign(reasonWords(reason))}
	switch reason {
	case reasonClient:
		e = sfu.Ended{Why: sfu.Left}
	case reasonDuplicate:
		e = sfu.Ended{Why: sfu.Replaced}
	case reasonShutdown:
		e = sfu.Ended{Why: sfu.ServerDown}
	case reasonRemoved:
		e = sfu.Ended{Why: sfu.Removed}
	case reasonRoomDeleted, reasonRoomClosed:
		e.Why = sfu.Closed
	case reasonMismatch, reasonSignalClose, reasonTimeout, reasonMediaFailure, reasonMigration, reasonJoinFailure:
		e.Why = sfu.LinkLost
	}
	return e
}

// reasonWords says more than an EndReason; it is empty where that says all.
func reasonWords(reason int32) string {
	switch reason {
	case reasonRoomDeleted:
		return "the room was deleted"
	case reasonRoomClosed:
		return "the last other person left"
	case reasonMismatch:
		return "the server no longer knew this session"
	case reasonJoinFailure:
		return "the media connection did not come about"
	case reasonMigration:
		return "the server moved the session"
	case reasonSignalClose:
		return "the signalling connection was closed"
	case reasonUnavailable:
		return "the person called did not answer"
	case reasonRejected:
		return "the person called declined"
	case reasonTrunkFailure:
		return "the telephone connection failed"
	case reasonTimeout:
		return "nothing came through for too long"
	case reasonMediaFailure:
		return "the media connection failed"
	case reasonAgentError:
		return "a program in the room failed"
	case reasonUnknown:
		return "the server gave no reason"
	}
	return ""
}

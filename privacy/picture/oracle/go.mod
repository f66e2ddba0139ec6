module paravent/privacy/picture/oracle

go 1.26.8

require (
	github.com/yalue/onnxruntime_go v1.27.0
	paravent v0.0.0
)

replace paravent => ../../..

#ifdef __cplusplus
extern "C" {
#endif
typedef struct pv_webrtc pv_webrtc;
pv_webrtc *pv_webrtc_new(int rate);
void pv_webrtc_apply(pv_webrtc *p, float *far, float *near);
#ifdef __cplusplus
}
#endif

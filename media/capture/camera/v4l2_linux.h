#ifndef PARAVENT_V4L2_H
#define PARAVENT_V4L2_H

#include <stdint.h>

// All functions return 0 or an errno. They start again when a signal came.

struct pv_format {
	uint32_t fourcc, width, height, stride, size;
	int full; // range
};

struct pv_size { // a range; steps are 0 for a single size
	uint32_t min_width, max_width, step_width, min_height, max_height, step_height;
};

struct pv_buffer {
	int err;
	uint32_t index, used;
	int damaged;
	int64_t age; // ns since the picture was taken; 0 if the driver does not say
};

int pv_can_capture(int fd, int *can);
int pv_format_at(int fd, uint32_t i, uint32_t *fourcc);
int pv_size_at(int fd, uint32_t i, uint32_t fourcc, struct pv_size *size);
int pv_rate_at(int fd, uint32_t i, uint32_t fourcc, uint32_t width, uint32_t height, double *fps);
int pv_set_format(int fd, struct pv_format *f);
int pv_set_rate(int fd, double fps);
int pv_request(int fd, uint32_t *count);
int pv_locate(int fd, uint32_t i, uint32_t *offset, uint32_t *length);
int pv_give(int fd, uint32_t i);
struct pv_buffer pv_take(int fd);
int pv_run(int fd, int on);

#endif

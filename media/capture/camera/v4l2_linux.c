#include "v4l2_linux.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/videodev2.h>

static int ask(int fd, unsigned long request, void *arg) {
	int n;
	do
		n = ioctl(fd, request, arg);
	while (n < 0 && errno == EINTR);
	return n < 0 ? errno : 0;
}

int pv_can_capture(int fd, int *can) {
	struct v4l2_capability c = {0};
	int err = ask(fd, VIDIOC_QUERYCAP, &c);
	uint32_t caps = c.capabilities & V4L2_CAP_DEVICE_CAPS ? c.device_caps : c.capabilities;
	*can = (caps & V4L2_CAP_VIDEO_CAPTURE) && (caps & V4L2_CAP_STREAMING);
	return err;
}

int pv_format_at(int fd, uint32_t i, uint32_t *fourcc) {
	struct v4l2_fmtdesc f = {.index = i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
	int err = ask(fd, VIDIOC_ENUM_FMT, &f);
	*fourcc = f.pixelformat;
	return err;
}

int pv_size_at(int fd, uint32_t i, uint32_t fourcc, struct pv_size *size) {
	struct v4l2_frmsizeenum s = {.index = i, .pixel_format = fourcc};
	int err = ask(fd, VIDIOC_ENUM_FRAMESIZES, &s);
	if (err != 0)
		return err;
	if (s.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
		*size = (struct pv_size){s.discrete.width, s.discrete.width, 0, s.discrete.height, s.discrete.height, 0};
		return 0;
	}
	*size = (struct pv_size){s.stepwise.min_width,  s.stepwise.max_width,  s.stepwise.step_width,
	                         s.stepwise.min_height, s.stepwise.max_height, s.stepwise.step_height};
	return 0;
}

int pv_rate_at(int fd, uint32_t i, uint32_t fourcc, uint32_t width, uint32_t height, double *fps) {
	struct v4l2_frmivalenum v = {.index = i, .pixel_format = fourcc, .width = width, .height = height};
	int err = ask(fd, VIDIOC_ENUM_FRAMEINTERVALS, &v);
	if (err != 0)
		return err;
	struct v4l2_fract shortest = v.type == V4L2_FRMIVAL_TYPE_DISCRETE ? v.discrete : v.stepwise.min;
	*fps = shortest.numerator == 0 ? 0 : (double)shortest.denominator / shortest.numerator;
	return 0;
}

int pv_set_format(int fd, struct pv_format *f) {
	struct v4l2_format v = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
	v.fmt.pix.pixelformat = f->fourcc;
	v.fmt.pix.width = f->width;
	v.fmt.pix.height = f->height;
	v.fmt.pix.field = V4L2_FIELD_NONE;
	int err = ask(fd, VIDIOC_S_FMT, &v);
	if (err != 0)
		return err;
	const struct v4l2_pix_format *p = &v.fmt.pix;
	uint32_t range = V4L2_QUANTIZATION_DEFAULT;
	if (p->priv == V4L2_PIX_FMT_PRIV_MAGIC)
		range = p->quantization;
	if (range == V4L2_QUANTIZATION_DEFAULT)
		range = V4L2_MAP_QUANTIZATION_DEFAULT(0, p->colorspace, p->ycbcr_enc);
	*f = (struct pv_format){p->pixelformat, p->width, p->height, p->bytesperline, p->sizeimage,
	                        range == V4L2_QUANTIZATION_FULL_RANGE};
	return 0;
}

int pv_set_rate(int fd, double fps) {
	struct v4l2_streamparm p = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
	p.parm.capture.timeperframe.numerator = 1000;
	p.parm.capture.timeperframe.denominator = (uint32_t)(fps * 1000);
	return ask(fd, VIDIOC_S_PARM, &p);
}

int pv_request(int fd, uint32_t *count) {
	struct v4l2_requestbuffers r = {.count = *count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
	int err = ask(fd, VIDIOC_REQBUFS, &r);
	*count = r.count;
	return err;
}

static struct v4l2_buffer buffer(uint32_t i) {
	struct v4l2_buffer b;
	memset(&b, 0, sizeof b);
	b.index = i;
	b.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	b.memory = V4L2_MEMORY_MMAP;
	return b;
}

int pv_locate(int fd, uint32_t i, uint32_t *offset, uint32_t *length) {
	struct v4l2_buffer b = buffer(i);
	int err = ask(fd, VIDIOC_QUERYBUF, &b);
	*offset = b.m.offset;
	*length = b.length;
	return err;
}

int pv_give(int fd, uint32_t i) {
	struct v4l2_buffer b = buffer(i);
	return ask(fd, VIDIOC_QBUF, &b);
}

struct pv_buffer pv_take(int fd) {
	struct v4l2_buffer b = buffer(0);
	struct pv_buffer out = {.err = ask(fd, VIDIOC_DQBUF, &b)};
	if (out.err != 0)
		return out;
	out.index = b.index;
	out.used = b.bytesused;
	out.damaged = (b.flags & V4L2_BUF_FLAG_ERROR) != 0;
	struct timespec now;
	if ((b.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC &&
	    clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		out.age = (now.tv_sec - (int64_t)b.timestamp.tv_sec) * 1000000000 + now.tv_nsec -
		          (int64_t)b.timestamp.tv_usec * 1000;
	return out;
}

int pv_run(int fd, int on) {
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	return ask(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

/* The kernels, included once for each instruction set by kernels.c, which
 * includes vector.h and defines before:
 *
 *   FN        what every function here is declared with: static, inlined, target
 *   NAME(x)   x with the suffix of the instruction set
 *   MR16      how many cells a convolution computes at once, 16 channels each
 *   MR8       the same for 8 channels
 *
 * Values are stored [row][column][channel] with the channels padded to a
 * multiple of 8, except the net's input and the output of an UPCONV. */

FN v8 NAME(activate)(v8 x, int act) {
  switch (act) {
  case RELU: return NAME(larger)(x, NAME(all)(0));
  case SWISH:
    return x * NAME(smaller)(NAME(larger)(x + NAME(all)(3), NAME(all)(0)), NAME(all)(6)) * NAME(all)(1.f / 6);
  case SIGMOID: return NAME(sigmoid)(x);
  }
  return x;
}

/* rows cells times 8*cols channels: in holds, for each run, one pointer a cell
 * to len values; w holds 8*cols weights for each of those values */
#define STORE(rows, cols, act)                                                                     \
  for (int i = 0; i < rows; i++)                                                                   \
    for (int j = 0; j < cols; j++)                                                                 \
      NAME(store)(out + i * stride + 8 * j, NAME(activate)(acc[i][j], act))
#define GEMM(name, rows, cols)                                                                     \
  FN void NAME(name)(const float *const *in, int runs, int len, const float *w, const float *bias, \
                     float *out, int stride, int act) {                                            \
    v8 acc[rows][cols];                                                                            \
    for (int j = 0; j < cols; j++) {                                                               \
      v8 b = NAME(load)(bias + 8 * j);                                                             \
      for (int i = 0; i < rows; i++) acc[i][j] = b;                                                \
    }                                                                                              \
    for (int t = 0; t < runs; t++, in += rows)                                                     \
      for (int k = 0; k < len; k++) {                                                              \
        v8 wv[cols];                                                                               \
        for (int j = 0; j < cols; j++) wv[j] = NAME(load)(w + 8 * j);                              \
        w += 8 * cols;                                                                             \
        for (int i = 0; i < rows; i++) {                                                           \
          v8 x = NAME(all)(in[i][k]);                                                              \
          for (int j = 0; j < cols; j++) acc[i][j] += x * wv[j];                                   \
        }                                                                                          \
      }                                                                                            \
    switch (act) { /* here and not for each value */                                               \
    case RELU: STORE(rows, cols, RELU); break;                                                     \
    case SWISH: STORE(rows, cols, SWISH); break;                                                   \
    case SIGMOID: STORE(rows, cols, SIGMOID); break;                                               \
    default: STORE(rows, cols, LINEAR);                                                            \
    }                                                                                              \
  }
GEMM(gemm_many16, MR16, 2)
GEMM(gemm_one16, 1, 2)
GEMM(gemm_many8, MR8, 1)
GEMM(gemm_one8, 1, 1)

/* the pointers that the kernel reads for one cell of the output, every step-th
 * of at; outside of the input they lead to zeros */
FN void NAME(gather)(const pv_op *o, const float *mem, int y, int x, const float **at, int step) {
  int iy = y * o->sh - o->pt, ix = x * o->sw - o->pl;
  for (int ky = 0; ky < o->kh; ky++)
    for (int kx = 0; kx < o->kw; kx++, at += step) {
      int sy = iy + ky, sx = ix + kx;
      int inside = (unsigned)sy < (unsigned)o->ih && (unsigned)sx < (unsigned)o->iw;
      *at = inside ? mem + o->in + ((size_t)sy * o->iw + sx) * o->ic : mem;
    }
}

/* gather for cells without gaps, where a row of the kernel is one run; 0 where
 * the cell is too near to the left or right edge for that */
FN int NAME(gather_rows)(const pv_op *o, const float *mem, int y, int x, const float **at, int step) {
  int iy = y * o->sh - o->pt, ix = x * o->sw - o->pl;
  if (ix < 0 || ix + o->kw > o->iw) return 0;
  for (int ky = 0; ky < o->kh; ky++, at += step) {
    int inside = (unsigned)(iy + ky) < (unsigned)o->ih;
    *at = inside ? mem + o->in + ((size_t)(iy + ky) * o->iw + ix) * o->ic : mem;
  }
  return 1;
}

/* mem starts with zeros, as many as a row of any kernel reads */
FN void NAME(conv)(const pv_op *o, float *mem, const float *weights) {
  const int taps = o->kh * o->kw, depth = taps * o->rc, cells = o->oh * o->ow;
  const int dense = taps == 1 && o->sh == 1 && o->sw == 1 && o->ow == o->iw;
  const float *at[MAXTAPS * 8];
  for (int c = 0; c < o->oc; c += 16) {
    const int wide = o->oc - c >= 16, many = wide ? MR16 : MR8;
    const float *w = weights + o->w + (size_t)c * depth, *b = weights + o->b + c;
    for (int m = 0; m < cells;) {
      const int n = cells - m >= many ? many : 1;
      int runs = taps, len = o->rc;
      if (dense) {
        for (int i = 0; i < n; i++) at[i] = mem + o->in + (size_t)(m + i) * o->ic;
      } else {
        int rows = o->ic == o->rc;
        for (int i = 0; rows && i < n; i++) rows = NAME(gather_rows)(o, mem, (m + i) / o->ow, (m + i) % o->ow, at + i, n);
        if (rows) {
          runs = o->kh;
          len = o->kw * o->rc;
        } else {
          for (int i = 0; i < n; i++) NAME(gather)(o, mem, (m + i) / o->ow, (m + i) % o->ow, at + i, n);
        }
      }
      float *out = mem + o->out + (size_t)m * o->oc + c;
      if (wide && n > 1) NAME(gemm_many16)(at, runs, len, w, b, out, o->oc, o->act);
      else if (wide) NAME(gemm_one16)(at, runs, len, w, b, out, o->oc, o->act);
      else if (n > 1) NAME(gemm_many8)(at, runs, len, w, b, out, o->oc, o->act);
      else NAME(gemm_one8)(at, runs, len, w, b, out, o->oc, o->act);
      m += n;
    }
  }
}

/* one cell and 8 channels of a depthwise convolution, near an edge */
FN v8 NAME(edge)(const pv_op *o, const float *in, const float *w, v8 acc, int y, int x, const int K) {
  int iy = y * o->sh - o->pt, ix = x * o->sw - o->pl;
  for (int ky = 0; ky < K; ky++) {
    if ((unsigned)(iy + ky) >= (unsigned)o->ih) continue;
    for (int kx = 0; kx < K; kx++) {
      if ((unsigned)(ix + kx) >= (unsigned)o->iw) continue;
      acc += NAME(load)(in + ((size_t)(iy + ky) * o->iw + ix + kx) * o->ic) * NAME(load)(w + (ky * K + kx) * o->oc);
    }
  }
  return NAME(activate)(acc, o->act);
}

/* 4 cells of one row, away from the edges, share the weights they load */
FN void NAME(inner)(const pv_op *o, const float *p, const float *w, v8 b, float *out, const int K) {
  v8 a0 = b, a1 = b, a2 = b, a3 = b;
  const int d = o->sw * o->ic;
  for (int ky = 0; ky < K; ky++, p += (o->iw - K) * o->ic)
    for (int kx = 0; kx < K; kx++, p += o->ic, w += o->oc) {
      v8 v = NAME(load)(w);
      a0 += NAME(load)(p) * v;
      a1 += NAME(load)(p + d) * v;
      a2 += NAME(load)(p + 2 * d) * v;
      a3 += NAME(load)(p + 3 * d) * v;
    }
  NAME(store)(out, NAME(activate)(a0, o->act));
  NAME(store)(out + o->oc, NAME(activate)(a1, o->act));
  NAME(store)(out + 2 * o->oc, NAME(activate)(a2, o->act));
  NAME(store)(out + 3 * o->oc, NAME(activate)(a3, o->act));
}

FN void NAME(depthwise)(const pv_op *o, float *mem, const float *weights, const int K) {
  for (int y = 0; y < o->oh; y++) {
    const int iy = y * o->sh - o->pt;
    const int whole = iy >= 0 && iy + K <= o->ih;
    for (int c = 0; c < o->oc; c += 8) {
      const float *in = mem + o->in + c, *w = weights + o->w + c;
      const v8 b = NAME(load)(weights + o->b + c);
      float *out = mem + o->out + (size_t)y * o->ow * o->oc + c;
      for (int x = 0; x < o->ow;) {
        const int ix = x * o->sw - o->pl;
        if (whole && ix >= 0 && x + 4 <= o->ow && ix + 3 * o->sw + K <= o->iw) {
          NAME(inner)(o, in + ((size_t)iy * o->iw + ix) * o->ic, w, b, out + (size_t)x * o->oc, K);
          x += 4;
        } else {
          NAME(store)(out + (size_t)x * o->oc, NAME(edge)(o, in, w, b, y, x, K));
          x++;
        }
      }
    }
  }
}

FN void NAME(add)(const pv_op *o, float *mem) {
  const float *a = mem + o->in, *b = mem + o->by;
  float *out = mem + o->out;
  const size_t n = (size_t)o->oh * o->ow * o->oc;
  for (size_t i = 0; i < n; i += 8)
    NAME(store)(out + i, NAME(activate)(NAME(load)(a + i) + NAME(load)(b + i), o->act));
}

FN void NAME(scale)(const pv_op *o, float *mem) {
  const float *a = mem + o->in, *b = mem + o->by;
  float *out = mem + o->out;
  for (int n = o->oh * o->ow; n > 0; n--, a += o->oc, out += o->oc)
    for (int c = 0; c < o->oc; c += 8)
      NAME(store)(out + c, NAME(activate)(NAME(load)(a + c) * NAME(load)(b + c), o->act));
}

FN void NAME(mean)(const pv_op *o, float *mem) {
  const int n = o->ih * o->iw;
  const v8 zero = NAME(all)(0), part = NAME(all)(1.f / n);
  for (int c = 0; c < o->oc; c += 8) {
    const float *p = mem + o->in + c;
    v8 a = zero, b = zero;
    int i = 0;
    for (; i + 2 <= n; i += 2, p += 2 * o->ic) {
      a += NAME(load)(p);
      b += NAME(load)(p + o->ic);
    }
    if (i < n) a += NAME(load)(p);
    NAME(store)(mem + o->out + c, NAME(activate)((a + b) * part, o->act));
  }
}

FN void NAME(resize)(const pv_op *o, float *mem) {
  const float fy = (float)o->ih / o->oh, fx = (float)o->iw / o->ow;
  float *out = mem + o->out;
  for (int y = 0; y < o->oh; y++) {
    float sy = (y + .5f) * fy - .5f;
    if (sy < 0) sy = 0;
    const int y0 = (int)sy, y1 = y0 + 1 < o->ih ? y0 + 1 : y0;
    const float wy = sy - y0;
    for (int x = 0; x < o->ow; x++, out += o->oc) {
      float sx = (x + .5f) * fx - .5f;
      if (sx < 0) sx = 0;
      const int x0 = (int)sx, x1 = x0 + 1 < o->iw ? x0 + 1 : x0;
      const float wx = sx - x0;
      const float *in = mem + o->in;
      const float *p00 = in + ((size_t)y0 * o->iw + x0) * o->ic, *p01 = in + ((size_t)y0 * o->iw + x1) * o->ic;
      const float *p10 = in + ((size_t)y1 * o->iw + x0) * o->ic, *p11 = in + ((size_t)y1 * o->iw + x1) * o->ic;
      const v8 w00 = NAME(all)((1 - wy) * (1 - wx)), w01 = NAME(all)((1 - wy) * wx);
      const v8 w10 = NAME(all)(wy * (1 - wx)), w11 = NAME(all)(wy * wx);
      for (int c = 0; c < o->oc; c += 8) {
        v8 v = NAME(load)(p00 + c) * w00 + NAME(load)(p01 + c) * w01 + NAME(load)(p10 + c) * w10 + NAME(load)(p11 + c) * w11;
        NAME(store)(out + c, NAME(activate)(v, o->act));
      }
    }
  }
}

/* a 1×1 convolution to 8 channels, of which the first 4 are the cells of the
 * output */
FN void NAME(upconv)(const pv_op *o, float *mem, const float *weights) {
  const float *w = weights + o->w, *b = weights + o->b, *in = mem + o->in;
  for (int y = 0; y < o->ih; y++)
    for (int x = 0; x < o->iw;) {
      const float *at[MR8];
      float cells[8 * MR8];
      const int n = o->iw - x >= MR8 ? MR8 : 1;
      for (int i = 0; i < n; i++, in += o->ic) at[i] = in;
      if (n > 1) NAME(gemm_many8)(at, 1, o->rc, w, b, cells, 8, o->act);
      else NAME(gemm_one8)(at, 1, o->rc, w, b, cells, 8, o->act);
      for (int i = 0; i < n; i++, x++) {
        float *q = mem + o->out + (size_t)(2 * y) * o->ow + 2 * x;
        q[0] = cells[8 * i];
        q[1] = cells[8 * i + 1];
        q[o->ow] = cells[8 * i + 2];
        q[o->ow + 1] = cells[8 * i + 3];
      }
    }
}

FN void NAME(maxpool)(const pv_op *o, float *mem) {
  const size_t right = o->ic, below = (size_t)o->iw * o->ic;
  float *out = mem + o->out;
  for (int y = 0; y < o->oh; y++) {
    const float *p = mem + o->in + 2 * y * below;
    for (int x = 0; x < o->ow; x++, p += 2 * right, out += o->oc)
      for (int c = 0; c < o->oc; c += 8) {
        v8 a = NAME(larger)(NAME(load)(p + c), NAME(load)(p + right + c));
        v8 b = NAME(larger)(NAME(load)(p + below + c), NAME(load)(p + below + right + c));
        NAME(store)(out + c, NAME(activate)(NAME(larger)(a, b), o->act));
      }
  }
}

/* what lies in the channels that pad the input is not read: it need not be 0 */
FN void NAME(widen)(const pv_op *o, float *mem) {
  const float *in = mem + o->in;
  float *out = mem + o->out;
  for (int n = o->oh * o->ow; n > 0; n--, in += o->ic, out += o->oc) {
    int c = 0;
    for (; c + 8 <= o->rc; c += 8) NAME(store)(out + c, NAME(activate)(NAME(load)(in + c), o->act));
    for (; c < o->oc; c += 8) {
      v8 v = NAME(all)(0);
      for (int i = 0; i < 8 && c + i < o->rc; i++) v[i] = in[c + i];
      NAME(store)(out + c, NAME(activate)(v, o->act));
    }
  }
}

ENTRY void NAME(run)(const pv_op *o, int n, float *mem, const float *weights) {
  for (; n > 0; n--, o++)
    switch (o->kind) {
    case CONV: NAME(conv)(o, mem, weights); break;
    case DEPTHWISE:
      if (o->kh == 3) NAME(depthwise)(o, mem, weights, 3);
      else NAME(depthwise)(o, mem, weights, 5);
      break;
    case ADD: NAME(add)(o, mem); break;
    case SCALE: NAME(scale)(o, mem); break;
    case MEAN: NAME(mean)(o, mem); break;
    case RESIZE: NAME(resize)(o, mem); break;
    case UPCONV: NAME(upconv)(o, mem, weights); break;
    case MAXPOOL: NAME(maxpool)(o, mem); break;
    case WIDEN: NAME(widen)(o, mem); break;
    }
}

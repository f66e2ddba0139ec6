/* The kernels, included once for each instruction set by kernels.c, which
 * includes vector.h and defines before:
 *
 *   FN        what every function here is declared with: static, inlined, target
 *   ENTRY     the same for what is called
 *   NAME(x)   x with the suffix of the instruction set */

/* out += in times a block of 8*cols columns, which begins at w; the sums of even
 * and odd rows are kept apart, so that they need not wait for each other */
#define BLOCK(name, cols)                                                          \
  FN void NAME(name)(const float *in, int rows, const float *w, float *out) {     \
    v8 even[cols], odd[cols];                                                      \
    int i = 0;                                                                     \
    for (int j = 0; j < cols; j++) {                                               \
      even[j] = NAME(load)(out + 8 * j);                                           \
      odd[j] = NAME(all)(0);                                                       \
    }                                                                              \
    for (; i + 2 <= rows; i += 2, w += 16 * cols) {                                \
      v8 a = NAME(all)(in[i]), b = NAME(all)(in[i + 1]);                           \
      for (int j = 0; j < cols; j++) even[j] += a * NAME(load)(w + 8 * j);         \
      for (int j = 0; j < cols; j++) odd[j] += b * NAME(load)(w + 8 * (cols + j)); \
    }                                                                              \
    if (i < rows) {                                                                \
      v8 a = NAME(all)(in[i]);                                                     \
      for (int j = 0; j < cols; j++) even[j] += a * NAME(load)(w + 8 * j);         \
    }                                                                              \
    for (int j = 0; j < cols; j++) NAME(store)(out + 8 * j, even[j] + odd[j]);     \
  }
BLOCK(block32, 4)
BLOCK(block8, 1)

FN void NAME(matvec)(const pv_sound_op *o, float *mem, const float *weights) {
  const float *in = mem + o->in, *w = weights + o->w;
  float *out = mem + o->out;
  int c = 0;
  if (o->b >= 0)
    for (int j = 0; j < o->cols; j += 8) NAME(store)(out + j, NAME(load)(weights + o->b + j));
  for (; c + 32 <= o->cols; c += 32, w += 32 * (size_t)o->rows) NAME(block32)(in, o->rows, w, out + c);
  for (; c < o->cols; c += 8, w += 8 * (size_t)o->rows) NAME(block8)(in, o->rows, w, out + c);
}

FN v8 NAME(tanh)(v8 x) { return NAME(all)(2) * NAME(sigmoid)(x + x) - NAME(all)(1); }

FN void NAME(gru)(const pv_sound_op *o, float *mem) {
  const float *x = mem + o->in, *y = mem + o->by;
  float *h = mem + o->out;
  const int n = o->cols;
  for (int i = 0; i < n; i += 8) {
    const v8 z = NAME(sigmoid)(NAME(load)(x + i) + NAME(load)(y + i));
    const v8 r = NAME(sigmoid)(NAME(load)(x + n + i) + NAME(load)(y + n + i));
    const v8 c = NAME(tanh)(NAME(load)(x + 2 * n + i) + r * NAME(load)(y + 2 * n + i));
    NAME(store)(h + i, z * NAME(load)(h + i) + (NAME(all)(1) - z) * c);
  }
}

ENTRY void NAME(run)(const pv_sound_op *o, int n, float *mem, const float *weights) {
  for (; n > 0; n--, o++) {
    float *out = mem + o->out;
    switch (o->kind) {
    case MATVEC: NAME(matvec)(o, mem, weights); break;
    case TANH:
      for (int i = 0; i < o->cols; i += 8) NAME(store)(out + i, NAME(tanh)(NAME(load)(out + i)));
      break;
    case SIGMOID:
      for (int i = 0; i < o->cols; i += 8) NAME(store)(out + i, NAME(sigmoid)(NAME(load)(out + i)));
      break;
    case GRU: NAME(gru)(o, mem); break;
    }
  }
}

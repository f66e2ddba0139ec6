/* Included by kernels.c once for each instruction set. plain.go says the same in
   Go, and says why. The loops are written so that the compiler turns them into
   vectors: 16-bit lanes wherever the range allows. PV_APART stands before loops
   whose arrays are too many for it to see that they do not overlap. */

PV_TARGET static void PV(shrink)(const pv_shrink *s) {
  const int32_t w = s->w, gw = s->gw;
  uint16_t *restrict col = s->column;
  uint32_t *restrict pre = s->prefix;
  const int32_t *restrict e = s->edges;
  for (int32_t r = 0; r < s->gh; r++) {
    const int32_t y0 = (int64_t)r * s->h / s->gh, y1 = (int64_t)(r + 1) * s->h / s->gh;
    memset(col, 0, (size_t)w * sizeof *col);
    int32_t y = y0;
    for (; y + 3 < y1; y += 4) {
      const uint8_t *restrict a = s->src + (size_t)y * s->stride, *restrict b = a + s->stride;
      const uint8_t *restrict c = b + s->stride, *restrict d = c + s->stride;
      for (int32_t x = 0; x < w; x++) col[x] = (uint16_t)(col[x] + a[x] + b[x] + c[x] + d[x]);
    }
    for (; y < y1; y++) {
      const uint8_t *restrict a = s->src + (size_t)y * s->stride;
      for (int32_t x = 0; x < w; x++) col[x] = (uint16_t)(col[x] + a[x]);
    }
    uint32_t sum = 0;
    pre[0] = 0;
    for (int32_t x = 0; x < w; x++) { sum += col[x]; pre[x + 1] = sum; }
    const uint32_t rows = (uint32_t)(y1 - y0), n = (uint32_t)(w / gw);
    const uint32_t r0 = (1u << 24) / (n * rows), r1 = (1u << 24) / ((n + 1) * rows);
    uint8_t *restrict out = s->dst + (size_t)r * gw;
    for (int32_t x = 0; x < gw; x++) {
      const int32_t a = e[x], b = e[x + 1];
      const uint32_t v = pre[b] - pre[a];
      out[x] = (uint8_t)((v * ((uint32_t)(b - a) == n ? r0 : r1) + (1u << 23)) >> 24);
    }
  }
}

PV_TARGET static void PV(refine)(const pv_refine *p) {
  const int32_t w = p->w, h = p->h, n = w + 4;
  int32_t *restrict si = p->sums, *restrict sp = si + n, *restrict sx = sp + n, *restrict sq = sx + n;
  for (int32_t y = 0; y < h; y++) {
    const uint8_t *g[5], *m[5];
    for (int k = 0; k < 5; k++) {
      int32_t r = y + k - 2;
      r = r < 0 ? 0 : r >= h ? h - 1 : r;
      g[k] = p->luma + (size_t)r * w;
      m[k] = p->person + (size_t)r * w;
    }
    PV_APART
    for (int32_t x = 0; x < w; x++) {
      const int32_t g0 = g[0][x], g1 = g[1][x], g2 = g[2][x], g3 = g[3][x], g4 = g[4][x];
      const int32_t m0 = m[0][x], m1 = m[1][x], m2 = m[2][x], m3 = m[3][x], m4 = m[4][x];
      si[x + 2] = g0 + g1 + g2 + g3 + g4;
      sp[x + 2] = m0 + m1 + m2 + m3 + m4;
      sx[x + 2] = g0 * m0 + g1 * m1 + g2 * m2 + g3 * m3 + g4 * m4;
      sq[x + 2] = g0 * g0 + g1 * g1 + g2 * g2 + g3 * g3 + g4 * g4;
    }
    for (int k = 0; k < 4; k++) {
      int32_t *s = p->sums + (size_t)k * n;
      s[0] = s[1] = s[2];
      s[w + 2] = s[w + 3] = s[w + 1];
    }
    float *restrict fa = p->slope + (size_t)y * w, *restrict fb = p->offset + (size_t)y * w;
    PV_APART
    for (int32_t x = 0; x < w; x++) {
      const int32_t I = si[x] + si[x + 1] + si[x + 2] + si[x + 3] + si[x + 4];
      const int32_t P = sp[x] + sp[x + 1] + sp[x + 2] + sp[x + 3] + sp[x + 4];
      const int32_t X = sx[x] + sx[x + 1] + sx[x + 2] + sx[x + 3] + sx[x + 4];
      const int32_t Q = sq[x] + sq[x + 1] + sq[x + 2] + sq[x + 3] + sq[x + 4];
      const float a = (float)(25 * X - I * P) / ((float)(25 * Q - I * I) + 8128.125f);
      fa[x] = a;
      fb[x] = ((float)P + a * (float)(3200 - I)) * 0.04f;
    }
  }
  float *restrict la = p->line, *restrict lb = la + w + 2;
  for (int32_t y = 0; y < h; y++) {
    const int32_t up = y > 0 ? y - 1 : 0, down = y + 1 < h ? y + 1 : y;
    const float *restrict a0 = p->slope + (size_t)up * w, *restrict a1 = p->slope + (size_t)y * w, *restrict a2 = p->slope + (size_t)down * w;
    const float *restrict b0 = p->offset + (size_t)up * w, *restrict b1 = p->offset + (size_t)y * w, *restrict b2 = p->offset + (size_t)down * w;
    for (int32_t x = 0; x < w; x++) {
      la[x + 1] = a0[x] + a1[x] + a2[x];
      lb[x + 1] = b0[x] + b1[x] + b2[x];
    }
    la[0] = la[1]; lb[0] = lb[1]; la[w + 1] = la[w]; lb[w + 1] = lb[w];
    int32_t *restrict out = p->coef + (size_t)y * (w + 1);
    PV_APART
    for (int32_t x = 0; x < w; x++) {
      const float a = (la[x] + la[x + 1] + la[x + 2]) * (512.f / 9), b = (lb[x] + lb[x + 1] + lb[x + 2]) * (4.f / 9);
      int32_t ia = (int32_t)(a + 65536.5f) - 65536, ib = (int32_t)(b + 65536.5f) - 65536; /* below 2^15: see plain.go */
      ia = ia < -16383 ? -16383 : ia; ia = ia > 16383 ? 16383 : ia;
      ib = ib < -16383 ? -16383 : ib; ib = ib > 16383 ? 16383 : ib;
      out[x] = (int32_t)((uint32_t)ia << 16) | (ib & 0xffff);
    }
    out[w] = out[w - 1];
  }
}

PV_TARGET static void PV(gather)(const pv_gather *p) {
  const int32_t w = p->w, h = p->h, n = p->cw * p->ch;
  uint8_t *restrict line = p->line;
  uint32_t *restrict sw = p->sums, *restrict sy = sw + w, *restrict su = sy + w, *restrict sv = su + w;
  const int32_t *restrict e = p->edges;
  for (int32_t c = 0; c < p->ch; c++) {
    memset(sw, 0, (size_t)w * 4 * sizeof *sw);
    const int32_t y1 = (c + 1) * h / p->ch;
    for (int32_t y = c * h / p->ch; y < y1; y++) {
      const uint8_t *restrict a = p->person + (size_t)(y > 0 ? y - 1 : 0) * w, *restrict b = p->person + (size_t)y * w;
      const uint8_t *restrict d = p->person + (size_t)(y + 1 < h ? y + 1 : y) * w;
      for (int32_t x = 0; x < w; x++) {
        uint8_t m = a[x] > b[x] ? a[x] : b[x];
        line[x + 1] = m > d[x] ? m : d[x];
      }
      line[0] = line[1]; line[w + 1] = line[w];
      const uint8_t *restrict gy = p->luma + (size_t)y * w, *restrict gu = p->cb + (size_t)y * w, *restrict gv = p->cr + (size_t)y * w;
      PV_APART
      for (int32_t x = 0; x < w; x++) {
        uint8_t m = line[x] > line[x + 1] ? line[x] : line[x + 1];
        m = m > line[x + 2] ? m : line[x + 2];
        const uint16_t k = (uint16_t)(64 - (m > 64 ? 64 : m));
        sw[x] += k; sy[x] += (uint16_t)(k * gy[x]); su[x] += (uint16_t)(k * gu[x]); sv[x] += (uint16_t)(k * gv[x]);
      }
    }
    uint32_t *restrict out = p->cells + (size_t)c * p->cw;
    for (int32_t k = 0; k < p->cw; k++) {
      uint32_t tw = 0, ty = 0, tu = 0, tv = 0;
      for (int32_t x = e[k]; x < e[k + 1]; x++) { tw += sw[x]; ty += sy[x]; tu += su[x]; tv += sv[x]; }
      out[k] = tw; out[n + k] = ty; out[2 * n + k] = tu; out[3 * n + k] = tv;
    }
  }
}

PV_TARGET static inline void PV(spread2)(int16_t *restrict a, int16_t *restrict b, const int32_t *restrict src, const pv_steps s, int32_t n) {
  const int32_t *restrict at = s.at;
  const int16_t *restrict wt = s.weight;
  for (int32_t x = 0; x < n; x++) {
    const int32_t p = src[at[x]], q = src[at[x] + 1], w = wt[x];
    const int32_t a0 = p >> 16, b0 = (int32_t)((uint32_t)p << 16) >> 16;
    const int32_t a1 = q >> 16, b1 = (int32_t)((uint32_t)q << 16) >> 16;
    a[x] = (int16_t)(a0 + (((a1 - a0) * w) >> 8));
    b[x] = (int16_t)(b0 + (((b1 - b0) * w) >> 8));
  }
}

PV_TARGET static inline void PV(spread)(int16_t *restrict d, const int32_t *restrict src, const pv_steps s, int32_t n) {
  const int32_t *restrict at = s.at;
  const int16_t *restrict wt = s.weight;
  for (int32_t x = 0; x < n; x++) {
    const int32_t p = src[at[x]], q = src[at[x] + 1];
    d[x] = (int16_t)(p + (((q - p) * wt[x]) >> 8));
  }
}

/* One row between two, w in 1/32768; the values are 16 times a pixel's. */
PV_TARGET static inline void PV(between)(uint8_t *restrict d, const int16_t *restrict a, const int16_t *restrict b, int16_t w, int32_t n) {
  for (int32_t x = 0; x < n; x++) {
    const int16_t e = (int16_t)((b[x] - a[x]) * 2);
    d[x] = (uint8_t)((int16_t)(a[x] + (int16_t)((e * w) >> 16) + 8) >> 4);
  }
}

PV_TARGET static inline void PV(mix)(uint8_t *restrict d, const uint8_t *restrict bg, const uint8_t *restrict alpha, int32_t n) {
  for (int32_t x = 0; x < n; x++) {
    const uint16_t m = (uint16_t)(alpha[x] + (alpha[x] >> 7));
    d[x] = (uint8_t)((uint16_t)((uint16_t)(d[x] * m) + (uint16_t)(bg[x] * (uint16_t)(256 - m)) + 128) >> 8);
  }
}

/* What the refined mask says of one row. */
PV_TARGET static inline void PV(alpha)(uint8_t *restrict out, const uint8_t *restrict luma,
    const int16_t *restrict a0, const int16_t *restrict a1, const int16_t *restrict b0, const int16_t *restrict b1, int16_t w, int32_t n) {
  for (int32_t x = 0; x < n; x++) {
    const int16_t da = (int16_t)(a1[x] - a0[x]), db = (int16_t)(b1[x] - b0[x]);
    const int16_t a = (int16_t)(a0[x] + (int16_t)((int16_t)((da * w) >> 16) * 2));
    const int16_t b = (int16_t)(b0[x] + (int16_t)((int16_t)((db * w) >> 16) * 2));
    const int16_t g = (int16_t)((luma[x] - 128) * 256);
    int16_t v = (int16_t)((int16_t)((int16_t)((a * g) >> 16) * 2) + b);
    v = v < 204 ? 204 : v;
    v = v > 816 ? 816 : v;
    out[x] = (uint8_t)(((int16_t)(v - 204) * (int16_t)27348) >> 16);
  }
}

/* The gate and the smoothing in time of one row; older becomes the newest. moves
   is 255 where the gate is to stand open, else 0. */
PV_TARGET static inline void PV(settle)(uint8_t *restrict shown, uint8_t *restrict older, const uint8_t *restrict now, uint8_t moves, int32_t n) {
  const int16_t idle = moves ? 7 : 20;
  for (int32_t x = 0; x < n; x++) {
    const uint8_t last = older[x] | moves;
    const uint8_t lo = now[x] < last ? now[x] : last;
    older[x] = now[x];
    const uint8_t was = shown[x];
    const uint8_t top = lo > was ? lo : was, low = lo > was ? was : lo;
    const int16_t far = (int16_t)(top - low), near = far > 135 ? 135 : far;
    const int16_t w = (int16_t)(1966 + near * 227);
    int16_t step = (int16_t)((int16_t)(((int16_t)(far * 2) * w) >> 16) + 1);
    step = far > 135 ? far : step;
    step = step > far ? far : step;
    step = far < idle && lo < 255 ? 0 : step;
    const int16_t to = (int16_t)(lo > was ? was + step : was - step);
    shown[x] = lo == 0 ? 0 : (uint8_t)to;
  }
}

PV_TARGET static inline void PV(quarter)(uint8_t *restrict d, const uint8_t *restrict a, const uint8_t *restrict b, int32_t w) {
  const int32_t n = w / 2;
  for (int32_t x = 0; x < n; x++) d[x] = (uint8_t)((uint16_t)(a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
  if (w & 1) d[n] = (uint8_t)((a[w - 1] + b[w - 1] + 1) >> 1);
}

PV_TARGET static void PV(draw)(const pv_draw *p) {
  const int32_t w = p->w, h = p->h, hw = (w + 1) / 2;
  int16_t *A[2], *B[2], *Y[2], *U[2], *V[2], *next = p->rows;
  for (int k = 0; k < 2; k++) {
    A[k] = next; next += w;
    B[k] = next; next += w;
    Y[k] = next; next += w;
    U[k] = next; next += hw;
    V[k] = next; next += hw;
  }
  uint8_t *now = p->line, *ly = now + w, *lu = ly + w, *lv = lu + hw, *lc = lv + hw;
  const int32_t stride = p->cw + 1, plane = stride * p->ch;
  int32_t haveG[2] = {-1, -1}, haveY[2] = {-1, -1}, haveC[2] = {-1, -1};
  for (int32_t y = 0; y < h; y++) {
    const int32_t g0 = p->gy.at[y], g1 = p->gy.weight[y] ? g0 + 1 : g0;
    for (int32_t k = g0; k <= g1; k++) if (haveG[k & 1] != k) {
      PV(spread2)(A[k & 1], B[k & 1], p->coef + (size_t)k * (p->gw + 1), p->gx, w);
      haveG[k & 1] = k;
    }
    uint8_t *row = p->y + (size_t)y * p->ys, *shown = p->shown + (size_t)y * w;
    PV(alpha)(now, row, A[g0 & 1], A[g1 & 1], B[g0 & 1], B[g1 & 1], (int16_t)(p->gy.weight[y] << 7), w);
    PV(settle)(shown, p->older + (size_t)y * w, now, p->moves ? 255 : 0, w);
    const uint8_t *by = ly;
    if (p->blur) {
      const int32_t c0 = p->byy.at[y], c1 = p->byy.weight[y] ? c0 + 1 : c0;
      for (int32_t k = c0; k <= c1; k++) if (haveY[k & 1] != k) {
        PV(spread)(Y[k & 1], p->blur + (size_t)k * stride, p->bx, w);
        haveY[k & 1] = k;
      }
      PV(between)(ly, Y[c0 & 1], Y[c1 & 1], (int16_t)(p->byy.weight[y] << 7), w);
    } else by = p->by + (size_t)y * p->bys;
    PV(mix)(row, by, shown, w);
    if (!(y & 1) && y + 1 < h) continue;
    const int32_t cy = y / 2;
    PV(quarter)(lc, p->shown + (size_t)(2 * cy) * w, shown, w);
    const uint8_t *bu = lu, *bv = lv;
    if (p->blur) {
      const int32_t c0 = p->cy.at[cy], c1 = p->cy.weight[cy] ? c0 + 1 : c0;
      for (int32_t k = c0; k <= c1; k++) if (haveC[k & 1] != k) {
        PV(spread)(U[k & 1], p->blur + plane + (size_t)k * stride, p->cx, hw);
        PV(spread)(V[k & 1], p->blur + 2 * (size_t)plane + (size_t)k * stride, p->cx, hw);
        haveC[k & 1] = k;
      }
      const int16_t cw = (int16_t)(p->cy.weight[cy] << 7);
      PV(between)(lu, U[c0 & 1], U[c1 & 1], cw, hw);
      PV(between)(lv, V[c0 & 1], V[c1 & 1], cw, hw);
    } else { bu = p->bcb + (size_t)cy * p->bcs; bv = p->bcr + (size_t)cy * p->bcs; }
    PV(mix)(p->cb + (size_t)cy * p->cs, bu, lc, hw);
    PV(mix)(p->cr + (size_t)cy * p->cs, bv, lc, hw);
  }
}

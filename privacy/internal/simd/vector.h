/* Vectors of 8 values, included once for each instruction set, which is why
 * nothing guards it. Whoever includes it defines before:
 *
 *   FN        what every function here is declared with: static, inlined, target
 *   NAME(x)   x with the suffix of the instruction set */

FN v8 NAME(load)(const float *p) { return *(const v8 *)p; }
FN void NAME(store)(float *p, v8 v) { *(v8 *)p = v; }
FN v8 NAME(all)(float x) { return (v8){x, x, x, x, x, x, x, x}; }
FN v8 NAME(larger)(v8 a, v8 b) { v8i m = a > b; return (v8)(((v8i)a & m) | ((v8i)b & ~m)); }
FN v8 NAME(smaller)(v8 a, v8 b) { v8i m = a < b; return (v8)(((v8i)a & m) | ((v8i)b & ~m)); }

/* 1/(1+e^-x): 2^n times a polynomial of the fifth order, error below 2e-6; of
 * what is not a number it is that of -30 */
FN v8 NAME(sigmoid)(v8 x) {
  x = NAME(smaller)(NAME(larger)(x, NAME(all)(-30)), NAME(all)(30)) * NAME(all)(-1.44269504f);
  v8i n = __builtin_convertvector(x + NAME(all)(1000.5f), v8i) - 1000; /* floor(x + .5) */
  v8 f = x - __builtin_convertvector(n, v8);
  v8 p = NAME(all)(0.00133335581f);
  p = p * f + NAME(all)(0.00961812911f);
  p = p * f + NAME(all)(0.0555041087f);
  p = p * f + NAME(all)(0.240226507f);
  p = p * f + NAME(all)(0.693147181f);
  p = p * f + NAME(all)(1.f);
  return NAME(all)(1.f) / (NAME(all)(1.f) + p * (v8)((n + 127) << 23));
}

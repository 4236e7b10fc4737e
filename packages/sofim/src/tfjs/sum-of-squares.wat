;; Sums of squares of the float32 numbers at 0 .. $end (bytes, a multiple of 64).
;; `wat2wasm sum-of-squares.wat` makes the bytes that stand in simd.ts.
(module
  (memory (export "memory") 1)
  ;; In float32, in 16 sums.
  (func (export "fast") (param $end i32) (result f32)
    (local $at i32) (local $x v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (loop $next
      (local.set $x (v128.load (local.get $at)))
      (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (v128.load offset=16 (local.get $at)))
      (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (v128.load offset=32 (local.get $at)))
      (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $x) (local.get $x))))
      (local.set $x (v128.load offset=48 (local.get $at)))
      (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $x) (local.get $x))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
    (local.set $x (f32x4.add (f32x4.add (local.get $s0) (local.get $s1)) (f32x4.add (local.get $s2) (local.get $s3))))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x)))
      (f32.add (f32x4.extract_lane 2 (local.get $x)) (f32x4.extract_lane 3 (local.get $x)))))
  ;; In float64.
  (func (export "wide") (param $end i32) (result f64)
    (local $at i32) (local $x v128) (local $y v128) (local $s0 v128) (local $s1 v128)
    (loop $next
      (local.set $x (v128.load (local.get $at)))
      (local.set $y (f64x2.promote_low_f32x4 (local.get $x)))
      (local.set $s0 (f64x2.add (local.get $s0) (f64x2.mul (local.get $y) (local.get $y))))
      (local.set $y (f64x2.promote_low_f32x4
        (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $x) (local.get $x))))
      (local.set $s1 (f64x2.add (local.get $s1) (f64x2.mul (local.get $y) (local.get $y))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $x (f64x2.add (local.get $s0) (local.get $s1)))
    (f64.add (f64x2.extract_lane 0 (local.get $x)) (f64x2.extract_lane 1 (local.get $x)))))

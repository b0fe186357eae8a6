;; Calls itself without end and with hardly a frame.
;;; attack
(func $attack (call $deeper (i64.const 1)) drop)
(func $deeper (param i64) (result i64)
  (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))

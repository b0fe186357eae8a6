;; Turns a number that is none into an integer.
;;; attack
(func $attack (drop (i32.trunc_f64_s (f64.const nan))))

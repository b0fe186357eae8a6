;; One instruction that fills its whole memory, again and again.
;;; memory
(memory (export "memory") 512)

;;; attack
(func $attack
  (loop $again
    (memory.fill (i32.const 65536) (i32.const 0) (i32.const 33423360))
    (br $again)))

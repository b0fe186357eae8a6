;; One instruction that moves nearly its whole memory by one byte, again and again.
;;; memory
(memory (export "memory") 512)

;;; attack
(func $attack
  (loop $again
    (memory.copy (i32.const 65536) (i32.const 65537) (i32.const 33423359))
    (br $again)))

;; Wants four gibibytes from the start.
;;; memory
(memory (export "memory") 65536)

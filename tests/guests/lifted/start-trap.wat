;; Traps in its start function.
;;; start
(func $begin unreachable)
(start $begin)

;; Grows its table for ever.
;;; table
(table $t 1 funcref)

;;; attack
(func $attack
  (loop $again
    (drop (table.grow $t (ref.null func) (i32.const 10000)))
    (br $again)))

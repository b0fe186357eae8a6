;; Fills a large table, again and again.
;;; table
(table $t 90000 funcref)

;;; attack
(func $attack
  (loop $again
    (table.fill $t (i32.const 0) (ref.null func) (i32.const 90000))
    (br $again)))

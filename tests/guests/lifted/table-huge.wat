;; Wants a table of ten million functions from the start.
;;; table
(table 10000000 funcref)

;; Calls a function through a table as if it were another.
;;; table
(type $other (func (param f64) (result f64)))
(table $t funcref (elem $give_back))

;;; attack
(func $attack (drop (call_indirect $t (type $other) (f64.const 1) (i32.const 0))))

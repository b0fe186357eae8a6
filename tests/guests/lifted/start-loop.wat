;; Never comes out of its start function.
;;; start
(func $begin (loop $again (br $again)))
(start $begin)

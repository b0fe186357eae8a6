;; Never comes out of the initialiser that language runtimes export.
;;; start
(func (export "_initialize") (loop $again (br $again)))

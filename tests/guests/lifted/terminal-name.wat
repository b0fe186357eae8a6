;; Traps in a function with a name that is meant for a terminal.
;;; attack
(func $attack (call $named))
(func $named (@name "\1b[2J\1b]0;pwned\07\0d\0astatus: OK") unreachable)

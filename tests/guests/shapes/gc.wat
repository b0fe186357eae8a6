;; Structures that a garbage collector manages.
(component (core module (type $s (struct (field i32))) (func (result (ref $s)) (struct.new $s (i32.const 1)))))

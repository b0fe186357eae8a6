;; A module with two memories.
(component (core module (memory 1) (memory 1)))

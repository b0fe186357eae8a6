;; A future of the component model.
(component (type (future u8)) (core func (canon future.new 0)))

;; Error contexts of the component model.
(component (core func (canon error-context.drop)))

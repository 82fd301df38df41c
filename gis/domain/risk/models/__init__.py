"""One module per risk model; a module found here is a model (see ``registry``)."""

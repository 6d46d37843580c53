"""Plain, slow implementations of the definitions, written from their text; the fast ones are compared with them."""

"""Parts that know nothing of logging: frozen tables, descriptors, regular files, foreign text."""

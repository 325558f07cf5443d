"""Room: what names, shapes and metadata say of pixels; nothing here reads these."""

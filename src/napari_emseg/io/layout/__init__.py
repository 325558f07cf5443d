"""Room: what names, shapes, dtypes and metadata say of pixels; nothing here reads these."""

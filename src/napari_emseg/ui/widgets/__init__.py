"""Room: Qt parts that know nothing of us."""

"""What is installed beside the package: man pages and tab completion, made from the commands themselves."""

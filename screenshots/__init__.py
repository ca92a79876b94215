"""The pictures of README.md, and the scenes they and the snapshot tests are taken of."""

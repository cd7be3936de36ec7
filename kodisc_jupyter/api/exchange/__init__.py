"""One exchange with the API: bytes out, what is known afterwards, when to try again."""
